--[[
  Gives a run its budget. The same limit again only starts the time to live anew.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 limit, micro-USD, more than 0
           2 time to live, ms
  returns  {DONE, <ledger>} | {BUDGET_CONFLICT, <ledger>} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/ledger"
local limit = parseInteger(ARGV[1])
if not limit or limit == 0 then
  return invalid("amount")
end
local ttl = parseInteger(ARGV[2])
if not ttl or ttl == 0 then
  return invalid("ttl")
end

local failure, ledger = read()
if failure and failure[1] ~= "NOT_FOUND" then
  return failure
end
if ledger and ledger.limit ~= limit then
  return reply("BUDGET_CONFLICT", ledger)
end
if not ledger then
  ledger = { limit = limit, spent = 0, held = 0, seq = 0, exceeded = false, now = clock() }
  redis.call("DEL", LEDGER, HOLDS, DONE)
  redis.call("SET", BUDGET, formatDecimal(limit))
  redis.call("SET", SPENT, formatDecimal(0))
  redis.call("SET", EXCEEDED, "0")
  redis.call("HSET", DONE, "v", RECORD_VERSION)
  redis.call("ZADD", HOLDS, "+inf", "")
  recordOperation(ledger)
end
-- One instant for all, so that a budget vanishes as a whole.
local expires = formatInteger(ledger.now + ttl)
for _, key in ipairs(KEYS) do
  redis.call("PEXPIREAT", key, expires)
end
return reply("DONE", ledger)
