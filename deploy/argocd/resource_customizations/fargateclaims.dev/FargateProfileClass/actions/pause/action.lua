if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["fargateclaims.dev/paused"] = "true"
return obj
