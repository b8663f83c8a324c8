--[[
  Gives a hold back.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 hold id
  returns  {DONE, <ledger>} | {HOLD_CONFLICT, held, charged} | {HOLD_NOT_FOUND}
           | {NOT_FOUND} | {CORRUPT, key}
]]
--- @include "includes/ledger"
local id = ARGV[1]

local field = "h:" .. id
--- @include "includes/read-record"
if not record then
  return { "HOLD_NOT_FOUND" }
end
if record.state == "C" then
  return conflict(record)
end
if record.state == "A" then
  local failure = takeBack(ledger, record)
  if failure then
    return failure
  end
  redis.call("ZREM", HOLDS, id)
  record.state = "R"
  recordOperation(ledger, field, formatRecord(ledger, record))
end
return reply("DONE", ledger)
