local os = require("os")
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
-- Any value that was not there before is a new try.
obj.metadata.annotations["fargateclaims.dev/retry"] = os.date("!%Y-%m-%dT%H:%M:%SZ")
return obj
