--- @include "cost"
--[[
  The budget of one run. KEYS of every script that includes this:
    1 budget    string, decimal USD: the limit
    2 spent     string, decimal USD
    3 exceeded  string, "0" or "1"
    4 ledger    hash: held (micro-USD under way), seq (recorded operations), and what only some budgets have:
                frozen, lasting  "1"
                parent           run id
                incarnation      what tells a child from an earlier one of the same id
                carve            "pending", "closing" or "closed"
                earlier, paid    costs: what a child spent in windows that are over, and what its parent is known to be
                                 charged with
                window, ends     "day" or "month", epoch ms at which it ends, 0 before the first
                velocity         micro-USD a minute; with level (micro-USD in the bucket) and level_at (epoch ms)
                loop             "<calls>|<within ms>"
                limit:<unit>     with spent:<unit> and held:<unit>; units are tokens, steps and sandbox_ms
                purge            where the search for what is long settled goes on (see purgePage)
    5 holds     sorted set: active hold ids by the epoch ms at which they expire; children that are not settled,
                "\0<run id>\0<incarnation>", by the instant after the last
    6 done      hash: what each id stands for, "h:<hold id>" and "s:<idempotency key>" ->
                "<state>|<held>|<expires at ms>|<charged>|<mark>", then where either applies "|<crossed>|<settled at ms>"
                state A active, C committed, R released, E expired; held and charged are costs;
                mark L late, U unheld; crossed is the sum of the thresholds reached: 1 for 50 %, 2 for 80 %, 4 for 100 %,
                where there are windows with "@<end of the window>"; settled at is kept in lasting budgets.
                "k:<child>\0<incarnation>" -> "<held>|<charged>|<crossed>|<crossed in>|<settled at ms>": costs,
                thresholds that the charges have reached in the window that ends at "crossed in", and where it is settled
                the instant
                "c:<call>" -> "<times admitted>|<since ms>"
  A create writes a sentinel into holds (member "", score +inf) and into done (field "v"), so that
  neither is ever empty: Redis would delete it and its time to live with it.

  Every reply is {code, ...}. Every script reads and checks all it needs before its first write: Redis does not roll a
  script back. (Settling expired holds writes before, and is whole by itself.)
]]
local BUDGET, SPENT, EXCEEDED = KEYS[1], KEYS[2], KEYS[3]
local LEDGER, HOLDS, DONE = KEYS[4], KEYS[5], KEYS[6]
local RECORD_VERSION = "1"
local UNITS = { "tokens", "steps", "sandbox_ms" }
local MAX_VELOCITY = 100000000000

local function corrupt(key)
  return { "CORRUPT", key }
end

local function invalid(argument)
  return { "INVALID", argument }
end

local function clock()
  local time = redis.call("TIME")
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The record in the text of an id; nil when it is corrupt.
local function parseRecord(text)
  local state, held, expires, charged, mark, rest =
    string.match(text, "^([ACRE])|([%d,]+)|(%d+)|([%d,]*)|([LU]?)(.*)$")
  if not state or (state == "C") ~= (charged ~= "") then
    return nil
  end
  local record = { state = state, expires = parseInteger(expires), mark = mark }
  record.held, record.heldUnits = parseCost(held)
  if state == "C" then
    record.charged, record.chargedUnits = parseCost(charged)
  end
  if not record.held or not record.expires or (state == "C") ~= (record.charged ~= nil) then
    return nil
  end
  if rest ~= "" then
    local reached, settled = string.match(rest, "^|([%d@]*)|(%d+)$")
    reached = reached or string.match(rest, "^|([%d@]+)$")
    if not reached then
      return nil
    end
    local crossed, window = string.match(reached, "^([1-7])@(%d+)$")
    crossed = crossed or string.match(reached, "^[1-7]$")
    record.crossed, record.settled = tonumber(crossed), parseInteger(settled)
    record.crossedIn = parseInteger(window)
    local isSound = (crossed or reached == "") and (record.settled or not settled)
    if not isSound or (window and not record.crossedIn) then
      return nil
    end
  end
  return record
end

local function writeRecord(ledger, field, record)
  local text = string.format(
    "%s|%s|%.0f|%s|%s",
    record.state,
    formatCost(record.held, record.heldUnits),
    record.expires,
    record.charged and formatCost(record.charged, record.chargedUnits) or "",
    record.mark or ""
  )
  local reached = record.crossed or ""
  if record.crossed and record.crossedIn then
    reached = string.format("%d@%.0f", record.crossed, record.crossedIn)
  end
  if ledger.lasting and record.state ~= "A" then
    text = string.format("%s|%s|%.0f", text, reached, ledger.now)
  elseif record.crossed then
    text = text .. "|" .. reached
  end
  redis.call("HSET", DONE, field, text)
end

-- Takes the further fields into the ledger; false unless each is one that this package writes.
local function readExtras(ledger, extras)
  local unread = 0
  for _ in pairs(extras) do
    unread = unread + 1
  end
  local function text(field, form)
    local value = extras[field]
    if not value or not string.find(value, form) then
      return nil
    end
    unread = unread - 1
    return value
  end
  local function integer(field)
    local value = parseInteger(extras[field])
    unread = unread - (value and 1 or 0)
    return value
  end

  ledger.extras = extras
  ledger.frozen = text("frozen", "^1$")
  ledger.lasting = text("lasting", "^1$")
  ledger.purge = ledger.lasting and text("purge", "^%d" .. string.rep("%d?", 18) .. "$")
  ledger.parent = text("parent", "^%C+$")
  if ledger.parent then
    ledger.incarnation = text("incarnation", "^%C+$")
    ledger.carve = text("carve", "^pending$") or text("carve", "^closing$") or text("carve", "^closed$")
    ledger.isClosed = ledger.carve == "closing" or ledger.carve == "closed"
    ledger.earlier, ledger.paid = text("earlier", "^[%d,]+$"), text("paid", "^[%d,]+$")
    if not (ledger.incarnation and parseCost(ledger.earlier or "0") and parseCost(ledger.paid or "0")) then
      return false
    end
  end
  ledger.window = text("window", "^day$") or text("window", "^month$")
  if ledger.window then
    ledger.endsAt = integer("ends")
    if not ledger.endsAt then
      return false
    end
    ledger.ended = ledger.endsAt <= ledger.now
  end
  ledger.velocity = integer("velocity")
  if ledger.velocity then
    ledger.level, ledger.levelAt = integer("level"), integer("level_at")
    local isSound = ledger.velocity > 0 and ledger.velocity <= MAX_VELOCITY
    if not (isSound and ledger.level and ledger.levelAt) then
      return false
    end
  end
  if text("loop", "^%d+|%d+$") then
    local calls, within = string.match(extras.loop, "^(%d+)|(%d+)$")
    ledger.calls, ledger.within = parseInteger(calls), parseInteger(within)
    if not (ledger.calls and ledger.within) then
      return false
    end
  end
  ledger.units = {}
  for at, name in ipairs(UNITS) do
    local limit = integer("limit:" .. name)
    if limit then
      local unit = { at = at, name = name, limit = limit }
      unit.spent, unit.held = integer("spent:" .. name), integer("held:" .. name)
      if limit == 0 or not unit.spent or not unit.held then
        return false
      end
      ledger.units[#ledger.units + 1] = unit
      ledger.exceeded = ledger.exceeded or unit.spent > limit
    end
  end
  return unread == 0
end

-- Changes a further field, or takes it out; the next write of the ledger writes it.
local function change(ledger, field, value)
  ledger.extras[field] = value
  ledger.changes = ledger.changes or {}
  ledger.changes[field] = value or false
end

local function writeLedger(ledger)
  redis.call("HSET", LEDGER, "held", ledger.held, "seq", ledger.seq)
  if ledger.changes then
    for field, value in pairs(ledger.changes) do
      if value then
        redis.call("HSET", LEDGER, field, value)
      else
        redis.call("HDEL", LEDGER, field)
      end
    end
    ledger.changes = nil
  end
end

-- The amounts of a cost, money first; nil when it is none.
local function parseAmounts(text)
  local money, units = parseCost(text)
  return money and { money, unpack(units or { 0, 0, 0 }) }
end

local function formatAmounts(amounts)
  local hasUnits = amounts[2] + amounts[3] + amounts[4] > 0
  return formatCost(amounts[1], hasUnits and { amounts[2], amounts[3], amounts[4] } or nil)
end

-- What is known of a child; nil when it is corrupt.
local function parseChild(text)
  local held, charged, crossed, crossedIn, settled =
    string.match(text, "^([%d,]+)|([%d,]+)|([0-7])|(%d+)|(%d*)$")
  local child = {
    held = parseAmounts(held),
    charged = parseAmounts(charged),
    crossed = tonumber(crossed),
    crossedIn = parseInteger(crossedIn),
    settled = parseInteger(settled),
  }
  local isSound = child.held and child.charged and child.crossedIn and (settled == "" or child.settled)
  return isSound and child or nil
end

-- Looks through the next ten or so ids of a lasting budget for those that were settled more than seven days ago, and
-- forgets them: nobody repeats them any more. Each thousandth operation begins the search, every operation takes it one
-- page further until it is through. An operation adds two ids at most, so that it gets through whatever the budget has
-- grown to, and no call waits for more than a page.
local function purgePage(ledger)
  local page = redis.call("HSCAN", DONE, ledger.purge, "COUNT", 10)
  local old = ledger.now - 7 * 24 * 60 * 60 * 1000
  for at = 1, #page[2], 2 do
    local field, text = page[2][at], page[2][at + 1]
    local kind, isOver = string.sub(field, 1, 2), false
    if kind == "c:" then
      local since = parseInteger(string.match(text, "^%d+|(%d+)$"))
      isOver = since and ledger.within and since + ledger.within <= ledger.now
    elseif kind == "k:" then
      local child = parseChild(text)
      isOver = child and child.settled and child.settled <= old
    elseif field ~= "v" then
      local record = parseRecord(text)
      isOver = record and record.state ~= "A" and (record.settled or record.expires) <= old
    end
    if isOver then
      redis.call("HDEL", DONE, field)
    end
  end
  change(ledger, "purge", page[1] ~= "0" and page[1] or nil)
end

-- Counts one more recorded operation and writes the ledger.
local function recordOperation(ledger)
  ledger.seq = ledger.seq + 1
  if ledger.lasting and not ledger.purge and ledger.seq % 1000 == 0 then
    ledger.purge = "0"
  end
  if ledger.purge then
    purgePage(ledger)
  end
  writeLedger(ledger)
end

-- Adds to what is "spent" or "held" of the units that are limited.
local function countUnits(ledger, what, units, sign)
  if not units or not ledger.units then
    return
  end
  for _, unit in ipairs(ledger.units) do
    local amount = units[unit.at]
    if amount > 0 then
      unit[what] = math.min(unit[what] + sign * amount, MAX_MICROS)
      change(ledger, what .. ":" .. unit.name, formatInteger(unit[what]))
    end
  end
end

-- Takes out of the ledger what an active hold has set aside; false when that is more than there is.
local function takeBack(ledger, record)
  ledger.held = ledger.held - record.held
  countUnits(ledger, "held", record.heldUnits, -1)
  local sound = ledger.held >= 0
  for _, unit in ipairs(ledger.units or {}) do
    sound = sound and unit.held >= 0
  end
  return sound
end

-- Gives back what expired holds had set aside. A reply when something is corrupt.
local function settleExpired(ledger)
  local ids = redis.call("ZRANGEBYSCORE", HOLDS, "-inf", ledger.now)
  if #ids == 0 then
    return nil
  end
  local records = {}
  for index, id in ipairs(ids) do
    local text = redis.call("HGET", DONE, "h:" .. id)
    local record = text and parseRecord(text)
    if not record or record.state ~= "A" then
      return corrupt(DONE)
    end
    if not takeBack(ledger, record) then
      return corrupt(LEDGER)
    end
    records[index] = record
  end
  for index, id in ipairs(ids) do
    records[index].state = "E"
    writeRecord(ledger, "h:" .. id, records[index])
  end
  redis.call("ZREMRANGEBYSCORE", HOLDS, "-inf", ledger.now)
  writeLedger(ledger)
  return nil
end

-- A reply when there is no budget or something is corrupt; else nil, the ledger with its expired
-- holds settled, and the record of the field of DONE where one is asked for and there, as `parse` (or parseRecord)
-- reads it.
local function read(field, parse)
  local texts = redis.call("MGET", BUDGET, SPENT, EXCEEDED)
  for at = 1, 3 do
    -- MGET takes a key of another type for one that is not there; GET fails on it.
    if not texts[at] and not redis.call("GET", KEYS[at]) then
      return at == 1 and { "NOT_FOUND" } or corrupt(KEYS[at])
    end
  end
  local limit, spent, exceeded = parseDecimal(texts[1], false), parseDecimal(texts[2], true), texts[3]
  if not limit then
    return corrupt(BUDGET)
  end
  if not spent then
    return corrupt(SPENT)
  end
  if exceeded ~= "0" and exceeded ~= "1" then
    return corrupt(EXCEEDED)
  end
  local fields, extras = redis.call("HGETALL", LEDGER), {}
  for at = 1, #fields, 2 do
    extras[fields[at]] = fields[at + 1]
  end
  local ledger = {
    limit = limit,
    spent = spent,
    held = parseInteger(extras.held),
    seq = parseInteger(extras.seq),
    exceeded = exceeded == "1" or spent > limit,
    now = clock(),
  }
  if not ledger.held or not ledger.seq then
    return corrupt(LEDGER)
  end
  if #fields > 4 then
    extras.held, extras.seq = nil, nil
    if not readExtras(ledger, extras) then
      return corrupt(LEDGER)
    end
  end
  local failure = settleExpired(ledger)
  if failure then
    return failure
  end
  -- Last: settling may have changed the record.
  local done = redis.call("HMGET", DONE, "v", field or "v")
  if done[1] ~= RECORD_VERSION then
    return corrupt(DONE)
  end
  if not field or not done[2] then
    return nil, ledger
  end
  local record = (parse or parseRecord)(done[2])
  if not record then
    return corrupt(DONE)
  end
  return nil, ledger, record
end

-- {code, seq, limit, spent, held, exceeded, further fields as lines of name and value, ...}
local function reply(code, ledger, ...)
  local extras = ""
  if ledger.extras then
    local lines = {}
    for field, value in pairs(ledger.extras) do
      lines[#lines + 1] = field
      lines[#lines + 1] = value
    end
    if ledger.ended then
      lines[#lines + 1] = "ended\n" .. formatInteger(ledger.now)
    end
    extras = table.concat(lines, "\n")
  end
  return {
    code,
    ledger.seq,
    ledger.limit,
    ledger.spent,
    ledger.held,
    ledger.exceeded and 1 or 0,
    extras,
    ...,
  }
end

-- {HOLD_CONFLICT, held, charged or ""}
local function conflict(record)
  return { "HOLD_CONFLICT", record.held, record.charged or "" }
end
