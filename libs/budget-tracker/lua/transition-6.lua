--[[
  Changes the state of a budget. What has happened before changes nothing.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 to: frozen, thawed, carved, rolled or closed
           2 epoch ms at which the window ended that is rolled, else ""
           3 epoch ms at which the window ends: of rolled the next one, of carved where there is one, else ""
           4 "1" to close by force, else ""
  returns  {DONE, <ledger>} | {BUSY, <ledger>} | {NOT_FOUND} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/ledger"
local endedAt, endsAt = parseInteger(ARGV[2]), parseInteger(ARGV[3])
local isForced = ARGV[4] == "1"
local failure, ledger

local function freeze(frozen)
  if ledger.frozen == frozen then
    return false
  end
  change(ledger, "frozen", frozen)
  return true
end

-- What the parent is to be charged with: the spend, and by force what is held as if it were spent; at most what can be
-- counted.
local function owe()
  local money, units, sum = ledger.spent, { 0, 0, 0 }, 0
  if isForced then
    money = money + ledger.held
  end
  for _, unit in ipairs(ledger.units) do
    units[unit.at] = math.min(unit.spent + (isForced and unit.held or 0), MAX_MICROS)
    sum = sum + units[unit.at]
  end
  local cost = formatCost(math.min(money, MAX_MICROS), sum > 0 and units or nil)
  change(ledger, "owed", formatInteger(ledger.endsAt or 0) .. "|" .. cost)
end

local function beginWindow()
  ledger.spent, ledger.exceeded = 0, false
  redis.call("SET", SPENT, formatDecimal(0), "KEEPTTL")
  redis.call("SET", EXCEEDED, "0", "KEEPTTL")
  for _, unit in ipairs(ledger.units) do
    change(ledger, "spent:" .. unit.name, "0")
  end
  ledger.ended = endsAt <= ledger.now
  change(ledger, "ends", formatInteger(endsAt))
  -- A search that is not through goes on where it is.
  ledger.purge = ledger.purge or "0"
end

-- Each says whether it has changed anything; nil when others are in the way.
local transitions = {
  frozen = function()
    return freeze("1")
  end,
  thawed = function()
    return freeze(nil)
  end,
  carved = function()
    if ledger.carve ~= "pending" or ledger.endsAt ~= endsAt then
      return false
    end
    change(ledger, "carve", nil)
    change(ledger, "owed", nil)
    return true
  end,
  rolled = function()
    if ledger.carve == "closed" or not ledger.window or ledger.endsAt ~= endedAt then
      return false
    end
    if ledger.owed then
      return nil
    end
    if ledger.parent then
      owe()
      change(ledger, "carve", "pending")
    end
    beginWindow()
    return true
  end,
  closed = function()
    if not ledger.parent or ledger.carve == "closed" then
      return false
    end
    local isHolding = redis.call("ZCOUNT", HOLDS, "-inf", "(+inf") > 0
    if not isForced and (isHolding or ledger.owed) then
      return nil
    end
    if not ledger.owed then
      owe()
    end
    change(ledger, "carve", "closed")
    return true
  end,
}

local transition = transitions[ARGV[1]]
if not transition then
  return invalid("argument")
end
local isRolled = ARGV[1] == "rolled"
if (ARGV[2] ~= "" or isRolled) and not endedAt or (ARGV[3] ~= "" or isRolled) and not endsAt then
  return invalid("window")
end
failure, ledger = read()
if failure then
  return failure
end
-- A plain budget has none.
ledger.extras = ledger.extras or {}
local changed = transition()
if changed == nil then
  return reply("BUSY", ledger)
end
if changed then
  recordOperation(ledger)
end
return reply("DONE", ledger)
