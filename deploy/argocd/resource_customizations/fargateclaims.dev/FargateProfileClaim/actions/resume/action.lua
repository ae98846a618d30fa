if obj.metadata.annotations ~= nil then
  obj.metadata.annotations["fargateclaims.dev/paused"] = nil
end
return obj
