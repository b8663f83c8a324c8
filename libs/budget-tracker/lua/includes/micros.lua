--[[
  Money: integer micro-USD inside, decimal USD ("10.0") in the three keys that others read.
  Lua numbers are doubles: exact up to 2^53, so nothing above 9e15 is let in. As arguments of redis.call and in replies
  Redis writes such numbers as exact integers; where they become part of a text, formatInteger does.
]]
local MAX_MICROS = 9000000000000000

-- Integer text -> number, or nil. Refuses signs, points, exponents, "nan" and "inf".
local function parseInteger(text)
  if type(text) ~= "string" or #text > 16 or not string.find(text, "^%d+$") then
    return nil
  end
  local value = tonumber(text)
  return value <= MAX_MICROS and value or nil
end

-- "%d" is a third of the work of "%.0f". It is C's long: see the check of create.
local function formatInteger(value)
  return string.format("%d", value)
end

-- Decimal USD -> micro-USD, or nil. What lies beyond six decimals (a foreign INCRBYFLOAT writes 17
-- digits) is rounded up for a spend, down for a limit: never in favour of spending.
local function parseDecimal(text, roundUp)
  if string.find(text, "^%d+%.%d%d?%d?%d?%d?%d?$") then
    -- Up to a billion USD a double and its product are less than a third of a micro-USD off.
    local micros = tonumber(text) * 1e6 + 0.5
    if micros < 1.1e15 then
      return micros - micros % 1
    end
  end
  local whole, fraction = string.match(text, "^(%d+)%.(%d+)$")
  if not whole then
    whole, fraction = string.match(text, "^(%d+)$"), ""
  end
  if not whole or #whole > 10 then
    return nil
  end
  local micros = tonumber(whole) * 1e6 + tonumber(string.sub(fraction .. "000000", 1, 6))
  if roundUp and string.find(string.sub(fraction, 7), "[1-9]") then
    micros = micros + 1
  end
  return micros <= MAX_MICROS and micros or nil
end
