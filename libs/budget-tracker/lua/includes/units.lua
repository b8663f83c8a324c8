-- What can be limited beside money, as costs list them.
local UNITS = { "tokens", "steps", "sandbox_ms" }
