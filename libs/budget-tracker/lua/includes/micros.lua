--[[
  Money: integer micro-USD inside, decimal USD ("10.0") in the three keys that others read.
  Lua numbers are doubles: exact up to 2^53, so nothing above 9e15 is let in. As arguments of redis.call and in replies
  Redis writes such numbers as exact integers; where they become part of a text, formatInteger does.
]]
local MAX_MICROS = 9000000000000000
local MICROS_PER_USD = 1000000

-- Integer text -> number, or nil. Refuses signs, points, exponents, "nan" and "inf".
local function parseInteger(text)
  if type(text) ~= "string" or #text > 16 or not string.find(text, "^%d+$") then
    return nil
  end
  local value = tonumber(text)
  if value > MAX_MICROS then
    return nil
  end
  return value
end

local function formatInteger(value)
  return string.format("%.0f", value)
end

-- Decimal USD -> micro-USD, or nil. What lies beyond six decimals (a foreign INCRBYFLOAT writes 17
-- digits) is rounded up for a spend, down for a limit: never in favour of spending.
local function parseDecimal(text, roundUp)
  local whole, fraction = string.match(text, "^(%d+)%.(%d+)$")
  if not whole then
    whole, fraction = string.match(text, "^(%d+)$"), ""
  end
  if not whole or #whole > 10 then
    return nil
  end
  local micros = tonumber(whole) * MICROS_PER_USD
    + tonumber(string.sub(fraction .. "000000", 1, 6))
  if roundUp and string.find(string.sub(fraction, 7), "[1-9]") then
    micros = micros + 1
  end
  if micros > MAX_MICROS then
    return nil
  end
  return micros
end

local function formatDecimal(micros)
  local fraction = micros % MICROS_PER_USD
  local text = string.format("%.0f.%06d", (micros - fraction) / MICROS_PER_USD, fraction)
  text = string.gsub(text, "0+$", "")
  if string.sub(text, -1) == "." then
    text = text .. "0"
  end
  return text
end
