--[[
  Gives a hold back.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 hold id
  returns  {DONE, <ledger>} | {HOLD_CONFLICT, held, charged} | {HOLD_NOT_FOUND}
           | {NOT_FOUND} | {CORRUPT, key}
]]
--- @include "includes/ledger"
local id = ARGV[1]

local failure, ledger, record = read("h:" .. id)
if failure then
  return failure
end
if not record then
  return { "HOLD_NOT_FOUND" }
end
if record.state == "C" then
  return conflict(record)
end
if record.state == "A" then
  if not takeBack(ledger, record) then
    return corrupt(LEDGER)
  end
  redis.call("ZREM", HOLDS, id)
  record.state = "R"
  writeRecord(ledger, "h:" .. id, record)
  recordOperation(ledger)
end
return reply("DONE", ledger)
