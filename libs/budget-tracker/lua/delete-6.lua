--[[
  Removes a budget and all that belongs to it, readable or not.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 "1": only where all its children are settled, and it is closed if it is one, its parent being known to be
             charged with all that it spent and holds; else ""
  returns  {DONE} | {KEPT} | {NOT_FOUND} | {CORRUPT, key}
]]
--- @include "includes/child"
local function isSettled(ledger)
  if countChildren() > 0 then
    return false
  end
  if not ledger.parent then
    return true
  end
  local owed = plus(parseAmounts(ledger.earlier or "0"), { ledger.spent, 0, 0, 0 })
  owed = plus(owed, { ledger.held, 0, 0, 0 })
  for _, unit in ipairs(ledger.units) do
    local at = unit.at + 1
    owed[at] = math.min(owed[at] + unit.spent + unit.held, MAX_MICROS)
  end
  return ledger.carve == "closed" and isNothing(minus(owed, parseAmounts(ledger.paid or "0")))
end

if ARGV[1] == "1" then
  local failure, ledger = read()
  if failure then
    return failure
  end
  if not isSettled(ledger) then
    return { "KEPT" }
  end
end
local existed = redis.call("EXISTS", BUDGET) == 1
redis.call("UNLINK", unpack(KEYS))
return { existed and "DONE" or "NOT_FOUND" }
