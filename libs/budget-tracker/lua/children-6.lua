--[[
  The children that are not settled, in the order of the bytes of their ids.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     none
  returns  {DONE, <ledger>, then for each child: run id, incarnation, what is set aside}
           | {NOT_FOUND} | {CORRUPT, key}
]]
--- @include "includes/child"
local failure, ledger = read()
if failure then
  return failure
end

local answer = reply("DONE", ledger)
for _, member in ipairs(redis.call("ZRANGEBYSCORE", HOLDS, UNSETTLED, UNSETTLED)) do
  local id = string.sub(member, 2)
  local text = redis.call("HGET", DONE, "k:" .. id)
  local child, run, incarnation = text and parseChild(text), string.match(id, "^(%Z+)%z(%Z+)$")
  if not child or child.settled or not run then
    return corrupt(DONE)
  end
  answer[#answer + 1] = run
  answer[#answer + 1] = incarnation
  answer[#answer + 1] = formatAmounts(child.held)
end
return answer
