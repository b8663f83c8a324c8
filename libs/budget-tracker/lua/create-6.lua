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

local function isSameAs(ledger)
  local extras, names = ledger.extras or {}, { "lasting", "parent", "window", "velocity", "loop" }
  for _, unit in ipairs(UNITS) do
    names[#names + 1] = "limit:" .. unit
  end
  for _, name in ipairs(names) do
    if extras[name] ~= settings[name] then
      return false
    end
  end
  return ledger.limit == limit
end

-- The settings, and how a budget with them begins; nil for a plain one.
local function firstExtras(now)
  if not next(settings) then
    return nil
  end
  local extras = {}
  for name, text in pairs(settings) do
    extras[name] = text
    local unit = string.match(name, "^limit:(.+)$")
    if unit then
      extras["spent:" .. unit], extras["held:" .. unit] = "0", "0"
    end
  end
  if settings.parent then
    extras.carve, extras.incarnation = "pending", incarnation
  end
  extras.ends = settings.window and "0"
  if settings.velocity then
    extras.level, extras.level_at = "0", formatInteger(now)
  end
  return extras
end

local failure, ledger = read()
if failure and failure[1] ~= "NOT_FOUND" then
  return failure
end
if ledger and not isSameAs(ledger) then
  return reply("BUDGET_CONFLICT", ledger)
end
if not ledger then
  ledger = { limit = limit, spent = 0, held = 0, seq = 0, exceeded = false, now = clock() }
  local extras = firstExtras(ledger.now)
  if extras then
    readExtras(ledger, extras)
    ledger.changes = extras
  end
  redis.call("DEL", LEDGER, HOLDS, DONE)
  redis.call("SET", BUDGET, formatDecimal(limit))
  redis.call("SET", SPENT, formatDecimal(0))
  redis.call("SET", EXCEEDED, "0")
  redis.call("HSET", DONE, "v", RECORD_VERSION)
  redis.call("ZADD", HOLDS, "+inf", "")
  recordOperation(ledger)
end
if ttl then
  -- One instant for all, so that a budget vanishes as a whole.
  for _, key in ipairs(KEYS) do
    redis.call("PEXPIREAT", key, ledger.now + ttl)
  end
end
return reply("DONE", ledger)
