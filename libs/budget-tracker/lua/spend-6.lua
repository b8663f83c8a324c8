--[[
  Records a cost that was not held.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 idempotency key
           2 amount, micro-USD, more than 0
  returns  {DONE, <ledger>} | {HOLD_CONFLICT, held, charged} | {OVERFLOW}
           | {NOT_FOUND} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/ledger"
local field = "s:" .. ARGV[1]
local amount = parseInteger(ARGV[2])
if not amount or amount == 0 then
  return invalid("amount")
end

local failure, ledger, record = read(field)
if failure then
  return failure
end
if record then
  if record.charged ~= amount then
    return conflict(record)
  end
  return reply("DONE", ledger)
end
if ledger.spent + amount > MAX_MICROS then
  return { "OVERFLOW" }
end

writeRecord(field, { state = "C", held = 0, expires = ledger.now, charged = amount })
charge(ledger, amount)
recordOperation(ledger)
return reply("DONE", ledger)
