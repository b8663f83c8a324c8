--[[
  Gives a run its budget. The same settings again only start the time to live anew.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 limit, micro-USD, more than 0
           2 time to live, ms, or "": it is lasting
           3 limits beside money, "<tokens>,<steps>,<sandbox ms>" with nothing for none, or ""
           4 run that the limit is carved out of, or ""
           5 with it, what tells the child from an earlier one of the same id, else ""
           6 window, day or month, or ""
           7 velocity, micro-USD a minute, at most 1e11, or ""
           8 loop limit, "<calls>|<within ms>", or ""
  returns  {DONE, <ledger>} | {BUDGET_CONFLICT, <ledger>} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/hold"
--- @include "includes/decimal"
--- @include "includes/units"
--- @include "includes/velocity"
local function option(at)
  return ARGV[at] ~= "" and ARGV[at] or nil
end

-- The same text for the same integer of more than 0; nil for any other text.
local function positive(text)
  local value = parseInteger(text)
  return value and value > 0 and formatInteger(value) or nil
end

local limit = parseInteger(ARGV[1])
if not limit or limit == 0 then
  return invalid("amount")
end
local ttl = parseTtl(option(2))
if option(2) and not ttl then
  return invalid("ttl")
end
-- Fields of the ledger, as texts.
local settings = { lasting = not ttl and "1" or nil, parent = option(4), window = option(6) }
local limits = { string.match(option(3) or ",,", "^(%d*),(%d*),(%d*)$") }
for at, name in ipairs(UNITS) do
  settings["limit:" .. name] = positive(limits[at])
  if limits[at] ~= "" and not positive(limits[at]) then
    return invalid("amount")
  end
end
local incarnation = option(5)
if settings.parent and (not incarnation or string.find(settings.parent .. incarnation, "%c")) then
  return invalid("parent")
end
if settings.window and settings.window ~= "day" and settings.window ~= "month" then
  return invalid("window")
end
settings.velocity = positive(option(7))
if option(7) and not (settings.velocity and tonumber(settings.velocity) <= MAX_VELOCITY) then
  return invalid("guard")
end
if option(8) then
  local calls, within = string.match(option(8), "^(%d+)|(%d+)$")
  if not (positive(calls) and positive(within)) then
    return invalid("guard")
  end
  settings.loop = positive(calls) .. "|" .. positive(within)
end

-- Amounts are told in texts as C's long, which is too short in a Redis that is built for 32 bits.
if formatInteger(MAX_MICROS) ~= "9000000000000000" then
  return redis.error_reply("a Redis that is built for 64 bits is needed")
end
if redis.call("EXISTS", BUDGET) == 0 then
  redis.call("DEL", LEDGER, HOLDS, DONE)
  for name, text in pairs(settings) do
    redis.call("HSET", LEDGER, name, text)
    local unit = string.match(name, "^limit:(.+)$")
    if unit then
      redis.call("HSET", LEDGER, "spent:" .. unit, "0", "held:" .. unit, "0")
    end
  end
  if settings.parent then
    redis.call("HSET", LEDGER, "carve", "pending", "incarnation", incarnation)
  end
  if settings.window then
    redis.call("HSET", LEDGER, "ends", "0")
  end
  if settings.velocity then
    local time = redis.call("TIME")
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call("HSET", LEDGER, "level", "0", "level_at", formatInteger(now))
  end
  redis.call("SET", BUDGET, formatDecimal(limit))
  redis.call("SET", SPENT, formatDecimal(0))
  redis.call("SET", EXCEEDED, "0")
  redis.call("ZADD", HOLDS, "+inf", "")
  local flags = next(settings) and "s" or ""
  redis.call("HSET", DONE, "balance", "2|0|1|" .. formatInteger(NEVER) .. "|" .. flags)
end

local field
--- @include "includes/read"
local fields, isSame = ledger.settings and ledger.settings.fields or {}, ledger.limit == limit
for _, name in ipairs({ "lasting", "parent", "window", "velocity", "loop" }) do
  isSame = isSame and fields[name] == settings[name]
end
for _, unit in ipairs(UNITS) do
  isSame = isSame and fields["limit:" .. unit] == settings["limit:" .. unit]
end
if not isSame then
  return reply("BUDGET_CONFLICT", ledger)
end
if ttl then
  -- One instant for all, so that a budget vanishes as a whole.
  for _, key in ipairs(KEYS) do
    redis.call("PEXPIREAT", key, ledger.now + ttl)
  end
end
return reply("DONE", ledger)
