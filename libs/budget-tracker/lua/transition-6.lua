--[[
  Changes the state of a budget. What has happened before changes nothing.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 to: frozen, thawed, carved, rolled, paid or closing
           2 epoch ms at which the window ended that is rolled, else ""
           3 epoch ms at which the window ends: of rolled the next one, of carved where there is one, else ""
           4 "1" to close by force, or when the parent has settled the child that has paid, else ""
           5 of paid, the cost that the parent is charged with in all, else ""
           6 the incarnation that is meant, or ""
  returns  {DONE, <ledger>, changed 0 or 1} | {BUSY, <ledger>} | {NOT_FOUND} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/child"
--- @include "includes/decimal"
local endedAt, endsAt = parseInteger(ARGV[2]), parseInteger(ARGV[3])
local isForced, isSettled = ARGV[4] == "1", ARGV[4] == "1"
local paid = parseAmounts(ARGV[5])
local isRolled = ARGV[1] == "rolled"
if (ARGV[2] ~= "" or isRolled) and not endedAt or (ARGV[3] ~= "" or isRolled) and not endsAt then
  return invalid("window")
end
if ARGV[1] == "paid" and not paid then
  return invalid("amount")
end

local field
--- @include "includes/read"

local function freeze(frozen)
  local isNews = (ledger.frozen or false) ~= frozen
  ledger.frozen = frozen
  return isNews
end

-- Adds what was spent in the window that is over to what was before.
local function addEarlier()
  local earlier = parseAmounts(ledger.earlier or "0")
  earlier[1] = math.min(earlier[1] + ledger.spent, MAX_MICROS)
  for _, unit in ipairs(ledger.units) do
    earlier[unit.at + 1] = math.min(earlier[unit.at + 1] + unit.spent, MAX_MICROS)
  end
  local text = formatAmounts(earlier)
  ledger.settings.change("earlier", text ~= "0" and text or nil)
end

local function beginWindow()
  ledger.spent, ledger.exceeded = 0, false
  redis.call("SET", SPENT, formatDecimal(0), "KEEPTTL")
  redis.call("SET", EXCEEDED, "0", "KEEPTTL")
  for _, unit in ipairs(ledger.units) do
    ledger.settings.change("spent:" .. unit.name, "0")
  end
  ledger.ended = endsAt <= ledger.now
  ledger.settings.change("ends", formatInteger(endsAt))
end

-- Each says whether it has changed anything; nil when others are in the way.
local transitions = {
  frozen = function()
    return freeze(true)
  end,
  thawed = function()
    return freeze(false)
  end,
  carved = function()
    if ledger.carve ~= "pending" or ledger.endsAt ~= endsAt then
      return false
    end
    ledger.settings.change("carve", nil)
    return true
  end,
  rolled = function()
    if ledger.isClosed or not ledger.window or ledger.endsAt ~= endedAt then
      return false
    end
    if ledger.parent then
      addEarlier()
      ledger.settings.change("carve", "pending")
    end
    beginWindow()
    return true
  end,
  paid = function()
    if not ledger.parent then
      return false
    end
    local known = parseAmounts(ledger.paid or "0")
    local most = { math.max(known[1], paid[1]), known[2], known[3], known[4] }
    for _, unit in ipairs(ledger.units) do
      most[unit.at + 1] = math.max(known[unit.at + 1], paid[unit.at + 1])
    end
    local text = formatAmounts(most)
    local isOver = isSettled and ledger.carve == "closing"
    if text == (ledger.paid or "0") and not isOver then
      return false
    end
    ledger.settings.change("paid", text ~= "0" and text or nil)
    if isOver then
      ledger.settings.change("carve", "closed")
    end
    return true
  end,
  closing = function()
    if not ledger.parent or ledger.isClosed then
      return false
    end
    if countChildren() > 0 or (not isForced and countHolds() > 0) then
      return nil
    end
    ledger.settings.change("carve", "closing")
    return true
  end,
}

local transition = transitions[ARGV[1]]
if not transition then
  return invalid("argument")
end
local isMeant = ARGV[6] == "" or ARGV[6] == ledger.incarnation
local changed = false
if isMeant then
  changed = transition()
end
if changed == nil then
  return reply("BUSY", ledger)
end
if changed then
  recordOperation(ledger)
end
return reply("DONE", ledger, changed and 1 or 0)
