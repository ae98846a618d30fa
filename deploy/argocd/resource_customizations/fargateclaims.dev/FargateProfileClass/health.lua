-- A class has Ready and what it is made of: ClusterReachable, RoleUsable, SubnetsUsable and so on. Only Ready counts here.
-- The reasons are a closed list: docs/reasons.md. What each shows as here: docs/gitops.md.
local status = obj.status or {}
local ready
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Ready" then
    ready = condition
  end
end

local function shown(health)
  if ready == nil then
    return {status = health, message = "the operator has not looked at this object yet"}
  end
  return {status = health, message = (ready.reason or "Ready") .. ": " .. (ready.message or "")}
end

if obj.metadata.deletionTimestamp ~= nil or ready == nil or status.observedGeneration == nil then
  return shown("Progressing")
end
if status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "the operator has not looked at the latest edit yet"}
end
if ready.status == "True" then
  return shown("Healthy")
end
if ready.status == "False" then
  -- Somebody has to mend it. Unknown passes by itself: AWS does not answer, or was not asked yet.
  return shown("Degraded")
end
return shown("Progressing")
