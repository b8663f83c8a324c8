--[[
  Sets an amount aside if it fits.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 hold id
           2 amount, micro-USD, more than 0
           3 time to live of the hold, ms
  returns  {DONE, <ledger>, held, expires at, state A or C, replayed 0 or 1}
           | {BUDGET_EXCEEDED, <ledger>} | {HOLD_CONFLICT, held, charged or ""}
           | {NOT_FOUND} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/ledger"
local id = ARGV[1]
local amount = parseInteger(ARGV[2])
if not amount or amount == 0 then
  return invalid("amount")
end
local ttl = parseInteger(ARGV[3])
if not ttl or ttl == 0 then
  return invalid("ttl")
end

local failure, ledger, record = read("h:" .. id)
if failure then
  return failure
end
if record then
  if record.held ~= amount then
    return conflict(record)
  end
  if record.state == "A" or record.state == "C" then
    return replyHeld(ledger, record, true)
  end
end
if ledger.exceeded or ledger.spent + ledger.held + amount > ledger.limit then
  return reply("BUDGET_EXCEEDED", ledger)
end

record = { state = "A", held = amount, expires = ledger.now + ttl }
redis.call("ZADD", HOLDS, formatInteger(record.expires), id)
writeRecord("h:" .. id, record)
ledger.held = ledger.held + amount
recordOperation(ledger)
return replyHeld(ledger, record, false)
