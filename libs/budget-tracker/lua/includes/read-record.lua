--- @include "read"
-- What `field` stands for, in `record`; nil where it is not there.
local record = text and parseRecord(text) or nil
if text and not record then
  return corrupt(DONE)
end
