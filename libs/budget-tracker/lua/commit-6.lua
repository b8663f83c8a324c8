--[[
  Records what an action did cost, in full, and ends its hold.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     1 hold id
           2 amount, micro-USD
  returns  {DONE, <ledger>, held, charged, mark "" or L (late) or U (unheld), replayed 0 or 1}
           | {HOLD_CONFLICT, held, charged or ""} | {OVERFLOW}
           | {NOT_FOUND} | {INVALID, argument} | {CORRUPT, key}
]]
--- @include "includes/ledger"
local id = ARGV[1]
local amount = parseInteger(ARGV[2])
if not amount then
  return invalid("amount")
end

local failure, ledger, record = read("h:" .. id)
if failure then
  return failure
end

local function replyCharged(replayed)
  return reply(
    "DONE",
    ledger,
    formatInteger(record.held),
    formatInteger(record.charged),
    record.mark,
    replayed and "1" or "0"
  )
end

if record and record.state == "C" then
  if record.charged ~= amount then
    return conflict(record)
  end
  return replyCharged(true)
end
if ledger.spent + amount > MAX_MICROS then
  return { "OVERFLOW" }
end

if not record then
  record = { held = 0, expires = ledger.now, mark = "U" }
elseif record.state == "A" then
  if record.held > ledger.held then
    return corrupt(LEDGER)
  end
  redis.call("ZREM", HOLDS, id)
  ledger.held = ledger.held - record.held
else
  record.mark = "L"
end
record.state = "C"
record.charged = amount
writeRecord("h:" .. id, record)
charge(ledger, amount)
recordOperation(ledger)
return replyCharged(false)
