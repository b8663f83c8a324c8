-- Most micro-USD a minute.
local MAX_VELOCITY = 1e11
