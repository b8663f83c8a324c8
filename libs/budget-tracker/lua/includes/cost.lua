--- @include "micros"
--[[
  A cost as text: "<money>", or "<money>,<tokens>,<steps>,<sandbox ms>" where any unit is not 0. Inside it is money and
  a table of the three units, which is nil for money alone.
]]

-- Text -> money and units; nil when it is none.
local function parseCost(text)
  local money = parseInteger(text)
  if money or not text then
    return money
  end
  local parts = { string.match(text, "^(%d+),(%d+),(%d+),(%d+)$") }
  for at = 1, 4 do
    parts[at] = parseInteger(parts[at])
    if not parts[at] then
      return nil
    end
  end
  local isMoneyAlone = parts[2] + parts[3] + parts[4] == 0
  return parts[1], not isMoneyAlone and { parts[2], parts[3], parts[4] } or nil
end

local function formatCost(money, units)
  if not units then
    return formatInteger(money)
  end
  return string.format("%d,%d,%d,%d", money, unpack(units))
end

local function isSameCost(money, units, otherMoney, otherUnits)
  if money ~= otherMoney or (units == nil) ~= (otherUnits == nil) then
    return false
  end
  for at = 1, units and 3 or 0 do
    if units[at] ~= otherUnits[at] then
      return false
    end
  end
  return true
end
