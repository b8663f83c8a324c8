--[[
  Records what an action did cost, in full, and ends its hold.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 hold id
           2 cost
  returns  {DONE, <ledger>, held, charged, mark "" or L (late) or U (unheld), thresholds reached, replayed 0 or 1}
           | {WINDOW_ENDED, <ledger>} | {HOLD_CONFLICT, held, charged or ""} | {OVERFLOW}
           | {NOT_FOUND} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/charge"
local id = ARGV[1]
local amount, units = parseCost(ARGV[2])
if not amount then
  return invalid("amount")
end

local field = "h:" .. id
--- @include "includes/read-record"

local function replyCharged(replayed)
  return reply(
    "DONE",
    ledger,
    record.held,
    record.charged,
    record.mark,
    crossedNow(ledger, record),
    replayed and 1 or 0
  )
end

if record and record.state == "C" then
  if not isSameCost(record.charged, record.chargedUnits, amount, units) then
    return conflict(record)
  end
  return replyCharged(true)
end
if isAfterWindow(ledger) then
  return reply("WINDOW_ENDED", ledger)
end
if overflows(ledger, amount, units) then
  return { "OVERFLOW" }
end

local freed = 0
if not record then
  record = { held = 0, expires = formatInteger(ledger.now), mark = "U" }
elseif record.state == "A" then
  local failure = takeBack(ledger, record)
  if failure then
    return failure
  end
  redis.call("ZREM", HOLDS, id)
  freed = record.held
else
  record.mark = "L"
end
record.state = "C"
record.charged, record.chargedUnits = amount, units
record.crossed, record.crossedIn = charge(ledger, amount, units), ledger.endsAt
if ledger.settings then
  ledger.settings.fillBucket(math.max(0, amount - freed))
end
recordOperation(ledger, field, formatRecord(ledger, record))
return replyCharged(false)
