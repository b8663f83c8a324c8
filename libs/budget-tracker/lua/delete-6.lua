--[[
  Removes a budget and all that belongs to it, readable or not.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     none
  returns  {DONE} | {NOT_FOUND}
]]
local existed = redis.call("EXISTS", KEYS[1])
redis.call("DEL", unpack(KEYS))
return { existed == 1 and "DONE" or "NOT_FOUND" }
