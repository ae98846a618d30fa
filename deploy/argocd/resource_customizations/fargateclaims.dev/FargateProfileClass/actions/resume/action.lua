local annotations = obj.metadata.annotations
if annotations ~= nil then
  annotations["fargateclaims.dev/paused"] = nil
  -- Argo CD up to 3.1.0 takes an emptied table for one that it lost, and puts the old one back.
  if next(annotations) == nil then
    obj.metadata.annotations = nil
  end
end
return obj
