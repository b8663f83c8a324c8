--[[
  Lets an active hold live longer.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 hold id
           2 time to live from now, ms
  returns  {DONE, <ledger>, held, expires at, state A, replayed 0}
           | {HOLD_CONFLICT, held, charged} | {HOLD_NOT_FOUND}
           | {NOT_FOUND} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/hold"
local id = ARGV[1]
local ttl = parseTtl(ARGV[2])
if not ttl then
  return invalid("ttl")
end

local field = "h:" .. id
--- @include "includes/read-record"
if record and record.state == "C" then
  return conflict(record)
end
if not record or record.state ~= "A" then
  return { "HOLD_NOT_FOUND" }
end

record.expires = formatInteger(math.max(tonumber(record.expires), ledger.now + ttl))
redis.call("ZADD", HOLDS, record.expires, id)
recordOperation(ledger, field, formatRecord(ledger, record))
return replyHeld(ledger, record, false)
