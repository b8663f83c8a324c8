--[[
  Removes a budget and all that belongs to it, readable or not.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 only while that many operations are recorded, or ""
  returns  {DONE} | {KEPT} | {NOT_FOUND} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/micros"
local seq = parseInteger(ARGV[1])
if ARGV[1] ~= "" and not seq then
  return { "INVALID", "argument" }
end
local existed = redis.call("EXISTS", KEYS[1]) == 1
if existed and seq then
  local recorded = parseInteger(redis.call("HGET", KEYS[4], "seq"))
  if not recorded then
    return { "CORRUPT", KEYS[4] }
  end
  if recorded ~= seq then
    return { "KEPT" }
  end
elseif seq then
  return { "NOT_FOUND" }
end
redis.call("DEL", unpack(KEYS))
return { existed and "DONE" or "NOT_FOUND" }
