--- @include "units"
--- @include "velocity"
--[[
  Takes the fields of `ledger` into the ledger of a script, and gives it `settings`: the fields as texts, and what works
  on them. Refused unless each field is one that this package writes.
]]
local fields, changes = {}, {}
local pairsOf = redis.call("HGETALL", LEDGER)
for at = 1, #pairsOf, 2 do
  fields[pairsOf[at]] = pairsOf[at + 1]
end
if ledger.isFirstLayout then
  fields.held, fields.seq, fields.frozen = nil, nil, nil
end
local settings = { fields = fields }
ledger.settings = settings

-- Changes a field, or takes it out; the next write of the ledger writes it.
function settings.change(field, value)
  fields[field] = value
  changes[field] = value or false
end

function settings.write()
  for field, value in pairs(changes) do
    if value then
      redis.call("HSET", LEDGER, field, value)
    else
      redis.call("HDEL", LEDGER, field)
    end
  end
  changes = {}
end

-- Adds to what is "spent" or "held" of the units that are limited.
function settings.countUnits(what, units, sign)
  for _, unit in ipairs(units and ledger.units or {}) do
    local amount = units[unit.at]
    if amount > 0 then
      unit[what] = math.min(unit[what] + sign * amount, MAX_MICROS)
      settings.change(what .. ":" .. unit.name, formatInteger(unit[what]))
    end
  end
end

--- @include "bucket"
-- Looks through the next ten or so ids of a lasting budget for those that were settled more than seven days ago, and
-- forgets them: nobody repeats them any more. A thousandth operation begins the search unless one has begun within three
-- days, every operation takes it one page further until it is through. An operation adds two ids at most, so that it
-- gets through whatever the budget has grown to, and no call waits for more than a page.
function settings.purge()
  local day = 24 * 60 * 60 * 1000
  if ledger.lasting and not ledger.purge and ledger.seq % 1000 == 0 then
    local isDue = math.abs(ledger.now - (ledger.purged or 0)) >= 3 * day
    if isDue then
      ledger.purge = "0"
      settings.change("purged", formatInteger(ledger.now))
    end
  end
  if not ledger.purge then
    return
  end
  local page = redis.call("HSCAN", DONE, ledger.purge, "COUNT", 10)
  local old = ledger.now - 7 * day
  for at = 1, #page[2], 2 do
    local field, text = page[2][at], page[2][at + 1]
    local kind, isOver = string.sub(field, 1, 2), false
    if kind == "c:" then
      local since = parseInteger(string.match(text, "^%d+|(%d+)$"))
      isOver = since and ledger.within and since + ledger.within <= ledger.now
    elseif kind == "k:" then
      local settled = parseInteger(string.match(text, "|(%d+)$"))
      isOver = settled and settled <= old
    elseif kind == "h:" or kind == "s:" then
      local record = parseRecord(text)
      isOver = record and record.state ~= "A" and (record.settled or tonumber(record.expires)) <= old
    end
    if isOver then
      redis.call("HDEL", DONE, field)
    end
  end
  settings.change("purge", page[1] ~= "0" and page[1] or nil)
end

local unread = 0
for _ in pairs(fields) do
  unread = unread + 1
end
local function matching(field, form)
  local value = fields[field]
  if not value or not string.find(value, form) then
    return nil
  end
  unread = unread - 1
  return value
end
local function integer(field)
  local value = parseInteger(fields[field])
  unread = unread - (value and 1 or 0)
  return value
end

ledger.lasting = matching("lasting", "^1$")
ledger.purge = ledger.lasting and matching("purge", "^%d" .. string.rep("%d?", 18) .. "$")
ledger.purged = ledger.lasting and integer("purged")
ledger.parent = matching("parent", "^%C+$")
if ledger.parent then
  ledger.incarnation = matching("incarnation", "^%C+$")
  ledger.carve = matching("carve", "^pending$") or matching("carve", "^closing$") or matching("carve", "^closed$")
  ledger.isClosed = ledger.carve == "closing" or ledger.carve == "closed"
  ledger.earlier, ledger.paid = matching("earlier", "^[%d,]+$"), matching("paid", "^[%d,]+$")
  if not (ledger.incarnation and parseCost(ledger.earlier or "0") and parseCost(ledger.paid or "0")) then
    return corrupt(LEDGER)
  end
end
ledger.window = matching("window", "^day$") or matching("window", "^month$")
if ledger.window then
  ledger.endsAt = integer("ends")
  if not ledger.endsAt then
    return corrupt(LEDGER)
  end
  ledger.ended = ledger.endsAt <= ledger.now
end
ledger.velocity = integer("velocity")
if ledger.velocity then
  ledger.level, ledger.levelAt = integer("level"), integer("level_at")
  local isSound = ledger.velocity > 0 and ledger.velocity <= MAX_VELOCITY
  if not (isSound and ledger.level and ledger.levelAt) then
    return corrupt(LEDGER)
  end
end
if matching("loop", "^%d+|%d+$") then
  local calls, within = string.match(fields.loop, "^(%d+)|(%d+)$")
  ledger.calls, ledger.within = parseInteger(calls), parseInteger(within)
  if not (ledger.calls and ledger.within) then
    return corrupt(LEDGER)
  end
end
ledger.units = {}
for at, name in ipairs(UNITS) do
  local limit = integer("limit:" .. name)
  if limit then
    local unit = { at = at, name = name, limit = limit }
    unit.spent, unit.held = integer("spent:" .. name), integer("held:" .. name)
    if limit == 0 or not unit.spent or not unit.held then
      return corrupt(LEDGER)
    end
    ledger.units[#ledger.units + 1] = unit
    ledger.exceeded = ledger.exceeded or unit.spent > limit
  end
end
if unread > 0 or not next(fields) then
  return corrupt(LEDGER)
end
