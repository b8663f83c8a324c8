--- @include "micros"
--[[
  The budget of one run. KEYS of every script that includes this:
    1 budget    string, decimal USD: the limit
    2 spent     string, decimal USD
    3 exceeded  string, "0" or "1"
    4 ledger    hash: held (micro-USD under way), seq (recorded operations)
    5 holds     sorted set: active hold ids by the epoch ms at which they expire
    6 done      hash: what each id stands for, "h:<hold id>" and "s:<idempotency key>" ->
                "<state>|<held>|<expires at ms>|<charged>|<mark>"
                state A active, C committed, R released, E expired; mark L late, U unheld
  A create writes a sentinel into holds (member "", score +inf) and into done (field "v"), so that
  neither is ever empty: Redis would delete it and its time to live with it.

  Every reply is {code, ...}; all numbers are integer text. Every script reads and checks all it
  needs before its first write: Redis does not roll a script back. (Settling expired holds writes
  before, and is whole by itself.)
]]
local BUDGET, SPENT, EXCEEDED = KEYS[1], KEYS[2], KEYS[3]
local LEDGER, HOLDS, DONE = KEYS[4], KEYS[5], KEYS[6]
local RECORD_VERSION = "1"

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
  local state, held, expires, charged, mark =
    string.match(text, "^([ACRE])|(%d+)|(%d+)|(%d*)|([LU]?)$")
  local record = state
    and {
      state = state,
      held = parseInteger(held),
      expires = parseInteger(expires),
      charged = parseInteger(charged),
      mark = mark,
    }
  if not record or not record.held or not record.expires then
    return nil
  end
  if (state == "C") ~= (record.charged ~= nil) then
    return nil
  end
  return record
end

local function writeRecord(field, record)
  local charged = record.charged and formatInteger(record.charged) or ""
  redis.call("HSET", DONE, field, table.concat({
    record.state,
    formatInteger(record.held),
    formatInteger(record.expires),
    charged,
    record.mark or "",
  }, "|"))
end

local function writeLedger(ledger)
  redis.call("HSET", LEDGER, "held", formatInteger(ledger.held), "seq", formatInteger(ledger.seq))
end

-- Counts one more recorded operation and writes the ledger.
local function recordOperation(ledger)
  ledger.seq = ledger.seq + 1
  writeLedger(ledger)
end

-- Gives back what expired holds had set aside. A reply when something is corrupt.
local function settleExpired(ledger)
  local ids = redis.call("ZRANGEBYSCORE", HOLDS, "-inf", formatInteger(ledger.now))
  if #ids == 0 then
    return nil
  end
  local records, held = {}, ledger.held
  for index, id in ipairs(ids) do
    local text = redis.call("HGET", DONE, "h:" .. id)
    local record = text and parseRecord(text)
    if not record or record.state ~= "A" then
      return corrupt(DONE)
    end
    records[index] = record
    held = held - record.held
  end
  if held < 0 then
    return corrupt(LEDGER)
  end
  for index, id in ipairs(ids) do
    records[index].state = "E"
    writeRecord("h:" .. id, records[index])
  end
  redis.call("ZREMRANGEBYSCORE", HOLDS, "-inf", formatInteger(ledger.now))
  ledger.held = held
  writeLedger(ledger)
  return nil
end

-- A reply when there is no budget or something is corrupt; else nil, the ledger with its expired
-- holds settled, and the record of the field of DONE where one is asked for and there.
local function read(field)
  local limitText = redis.call("GET", BUDGET)
  if not limitText then
    return { "NOT_FOUND" }
  end
  local limit = parseDecimal(limitText, false)
  if not limit then
    return corrupt(BUDGET)
  end
  local spentText = redis.call("GET", SPENT)
  local spent = spentText and parseDecimal(spentText, true)
  if not spent then
    return corrupt(SPENT)
  end
  local exceeded = redis.call("GET", EXCEEDED)
  if exceeded ~= "0" and exceeded ~= "1" then
    return corrupt(EXCEEDED)
  end
  local fields = redis.call("HMGET", LEDGER, "held", "seq")
  local held, seq = parseInteger(fields[1]), parseInteger(fields[2])
  if not held or not seq then
    return corrupt(LEDGER)
  end
  local ledger = {
    limit = limit,
    spent = spent,
    held = held,
    seq = seq,
    exceeded = exceeded == "1" or spent > limit,
    now = clock(),
  }
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
  local record = parseRecord(done[2])
  if not record then
    return corrupt(DONE)
  end
  return nil, ledger, record
end

-- Adds to the spend and marks the budget once it is past its limit.
local function charge(ledger, amount)
  ledger.spent = ledger.spent + amount
  redis.call("SET", SPENT, formatDecimal(ledger.spent), "KEEPTTL")
  if ledger.spent > ledger.limit then
    ledger.exceeded = true
    redis.call("SET", EXCEEDED, "1", "KEEPTTL")
  end
end

-- {code, seq, limit, spent, held, exceeded, ...}
local function reply(code, ledger, ...)
  return {
    code,
    formatInteger(ledger.seq),
    formatInteger(ledger.limit),
    formatInteger(ledger.spent),
    formatInteger(ledger.held),
    ledger.exceeded and "1" or "0",
    ...,
  }
end

-- {DONE, <ledger>, held, expires at, state, replayed}
local function replyHeld(ledger, record, replayed)
  return reply(
    "DONE",
    ledger,
    formatInteger(record.held),
    formatInteger(record.expires),
    record.state,
    replayed and "1" or "0"
  )
end

-- {HOLD_CONFLICT, held, charged or ""}
local function conflict(record)
  return {
    "HOLD_CONFLICT",
    formatInteger(record.held),
    record.charged and formatInteger(record.charged) or "",
  }
end
