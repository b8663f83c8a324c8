--[[
  Records a cost that was not held.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 idempotency key
           2 cost, more than nothing
  returns  {DONE, <ledger>, thresholds reached, replayed 0 or 1}
           | {WINDOW_ENDED, <ledger>} | {HOLD_CONFLICT, held, charged} | {OVERFLOW}
           | {NOT_FOUND} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/charge"
local field = "s:" .. ARGV[1]
local amount, units = parseCost(ARGV[2])
if not amount or (amount == 0 and not units) then
  return invalid("amount")
end

--- @include "includes/read-record"
if record then
  if not isSameCost(record.charged, record.chargedUnits, amount, units) then
    return conflict(record)
  end
  return reply("DONE", ledger, crossedNow(ledger, record), 1)
end
if isAfterWindow(ledger) then
  return reply("WINDOW_ENDED", ledger)
end
if overflows(ledger, amount, units) then
  return { "OVERFLOW" }
end

record = { state = "C", held = 0, charged = amount, chargedUnits = units }
record.expires = formatInteger(ledger.now)
record.crossed, record.crossedIn = charge(ledger, amount, units), ledger.endsAt
if ledger.settings then
  ledger.settings.fillBucket(amount)
end
recordOperation(ledger, field, formatRecord(ledger, record))
return reply("DONE", ledger, crossedNow(ledger, record), 0)
