--[[
  The budget of one run. KEYS of every script that includes this:
    1 budget    string, decimal USD: the limit
    2 spent     string, decimal USD
    3 exceeded  string, "0" or "1"
    4 ledger    hash, what only some budgets have:
                lasting          "1"
                parent           run id
                incarnation      what tells a child from an earlier one of the same id
                carve            "pending", "closing" or "closed"
                earlier, paid    costs: what a child spent in windows that are over, and what its parent is known to be
                                 charged with
                window, ends     "day" or "month", epoch ms at which it ends, 0 before the first
                velocity         micro-USD a minute; with level (micro-USD in the bucket) and level_at (epoch ms)
                loop             "<calls>|<within ms>"
                limit:<unit>     with spent:<unit> and held:<unit>; units are tokens, steps and sandbox_ms
                purge, purged    where the search for what is long settled goes on, and epoch ms at which it began
    5 holds     sorted set: active hold ids by the epoch ms at which they expire; children that are not settled,
                "\0<run id>\0<incarnation>", by the instant after the last
    6 done      hash: "balance" -> "2|<held>|<seq>|<expiry>|<flags>": micro-USD under way, recorded operations, epoch ms
                before which no hold expires; flags f frozen, s there are fields in `ledger`; and what each id stands
                for, "h:<hold id>" and "s:<idempotency key>" ->
                "<state>|<held>|<expires at ms>|<charged>|<mark>", then where either applies "|<crossed>|<settled at ms>"
                state A active, C committed, R released, E expired; held and charged are costs;
                mark L late, U unheld; crossed is the sum of the thresholds reached: 1 for 50 %, 2 for 80 %, 4 for 100 %,
                where there are windows with "@<end of the window>"; settled at is kept in lasting budgets.
                "k:<child>\0<incarnation>" -> "<held>|<charged>|<crossed>|<crossed in>|<settled at ms>": costs,
                thresholds that the charges have reached in the window that ends at "crossed in", and where it is settled
                the instant
                "c:<call>" -> "<times admitted>|<since ms>"
  What every operation reads and writes is in few keys and fields: each further command is a tenth of a reserve. So is
  making a dozen functions, which a script does anew for each call: what most calls do not need is included where it is
  used, inside an `if`.

  A create writes a sentinel into holds (member "", score +inf), so that it is never empty: Redis would delete it and its
  time to live with it.

  Every reply is {code, ...}. Every script reads and checks all it needs before its first write: Redis does not roll a
  script back. (Settling expired holds writes before, and is whole by itself.)
]]
--- @include "record"
local BUDGET, SPENT, EXCEEDED = KEYS[1], KEYS[2], KEYS[3]
local LEDGER, HOLDS, DONE = KEYS[4], KEYS[5], KEYS[6]
-- Epoch ms of what never expires.
local NEVER = 8640000000000000

local function corrupt(key)
  return { "CORRUPT", key }
end

local function invalid(argument)
  return { "INVALID", argument }
end

-- Writes the ledger, and with it a field of DONE where one is given.
local function writeLedger(ledger, field, text)
  local flags = ledger.frozen and "f" or ""
  if ledger.settings then
    ledger.settings.write()
    flags = flags .. "s"
  end
  local balance =
    string.format("2|%d|%d|%d|%s", ledger.held, ledger.seq, ledger.nextExpiry, flags)
  if field then
    redis.call("HSET", DONE, "balance", balance, field, text)
  else
    redis.call("HSET", DONE, "balance", balance)
  end
  if ledger.isFirstLayout then
    -- Last: a hash without fields is gone, and its time to live with it.
    redis.call("HDEL", LEDGER, "held", "seq", "frozen")
    redis.call("HDEL", DONE, "v")
    ledger.isFirstLayout = nil
  end
end

-- Counts one more recorded operation, and writes the ledger.
local function recordOperation(ledger, field, text)
  ledger.seq = ledger.seq + 1
  if ledger.settings then
    ledger.settings.purge()
  end
  writeLedger(ledger, field, text)
end

-- Takes out of the ledger what an active hold has set aside. A reply when that is more than there is.
local function takeBack(ledger, record)
  ledger.held = ledger.held - record.held
  if ledger.held < 0 then
    return corrupt(ledger.isFirstLayout and LEDGER or DONE)
  end
  if ledger.settings then
    ledger.settings.countUnits("held", record.heldUnits, -1)
    for _, unit in ipairs(ledger.units) do
      if unit.held < 0 then
        return corrupt(LEDGER)
      end
    end
  end
  return nil
end

-- {code, seq, limit, spent, held, exceeded, further fields as lines of name and value, ...}
local function reply(code, ledger, ...)
  local further = ""
  if ledger.frozen or ledger.settings then
    local lines = ledger.frozen and { "frozen", "1" } or {}
    for field, value in pairs(ledger.settings and ledger.settings.fields or {}) do
      lines[#lines + 1] = field
      lines[#lines + 1] = value
    end
    if ledger.ended then
      lines[#lines + 1] = "ended\n" .. formatInteger(ledger.now)
    end
    further = table.concat(lines, "\n")
  end
  return {
    code,
    ledger.seq,
    ledger.limit,
    ledger.spent,
    ledger.held,
    ledger.exceeded and 1 or 0,
    further,
    ...,
  }
end

-- {HOLD_CONFLICT, held, charged or ""}
local function conflict(record)
  return { "HOLD_CONFLICT", record.held, record.charged or "" }
end
