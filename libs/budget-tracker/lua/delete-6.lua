--[[
  Removes a budget and all that belongs to it, readable or not.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 "1": only where all its children are settled, and it is closed if it is one, its parent being known to be
             charged with all that it spent and holds; else ""
  returns  {DONE} | {KEPT} | {NOT_FOUND} | {CORRUPT, key}
]]
--- @include "includes/child"
local function remove()
  local existed = redis.call("EXISTS", BUDGET) == 1
  redis.call("UNLINK", unpack(KEYS))
  return { existed and "DONE" or "NOT_FOUND" }
end

if ARGV[1] ~= "1" then
  return remove()
end
local field
--- @include "includes/read"
if countChildren() > 0 then
  return { "KEPT" }
end
if ledger.parent then
  local owed = plus(parseAmounts(ledger.earlier or "0"), { ledger.spent, 0, 0, 0 })
  owed = plus(owed, { ledger.held, 0, 0, 0 })
  for _, unit in ipairs(ledger.units) do
    local at = unit.at + 1
    owed[at] = math.min(owed[at] + unit.spent + unit.held, MAX_MICROS)
  end
  local isPaid = isNothing(minus(owed, parseAmounts(ledger.paid or "0")))
  if ledger.carve ~= "closed" or not isPaid then
    return { "KEPT" }
  end
end
return remove()
