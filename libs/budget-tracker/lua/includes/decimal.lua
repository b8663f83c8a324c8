--- @include "micros"
-- Micro-USD as the decimal USD that others read.
local function formatDecimal(micros)
  local fraction = micros % 1e6
  local whole = formatInteger((micros - fraction) / 1e6)
  if fraction == 0 then
    return whole .. ".0"
  end
  return whole .. "." .. string.match(string.format("%06d", fraction), "^(%d-)0*$")
end
