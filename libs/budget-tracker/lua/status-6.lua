--[[
  The budget as it stands.

  KEYS     1 budget  2 spent  3 exceeded  4 ledger  5 holds  6 done
  ARGV     none
  returns  {DONE, <ledger>} | {NOT_FOUND} | {CORRUPT, key}
]]
local field
--- @include "includes/read"
return reply("DONE", ledger)
