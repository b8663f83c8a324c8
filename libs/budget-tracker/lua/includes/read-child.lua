--- @include "read"
-- What is known of the child of `field`, in `child`; nil where nothing is.
local child = text and parseChild(text) or nil
if text and not child then
  return corrupt(DONE)
end
