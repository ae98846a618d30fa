-- The status follows kstatus: observedGeneration, Ready, and Reconciling or Stalled while they are True.
-- The reasons are a closed list: docs/reasons.md. What each shows as here: docs/gitops.md.
local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function is_true(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end

local function shown(health, kind)
  local condition = conditions[kind]
  if condition == nil then
    return {status = health, message = "the operator has not looked at this object yet"}
  end
  return {status = health, message = (condition.reason or kind) .. ": " .. (condition.message or "")}
end

if obj.metadata.deletionTimestamp ~= nil or status.observedGeneration == nil then
  return shown("Progressing", "Ready")
end
if status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "the operator has not looked at the latest edit yet"}
end
if is_true("Stalled") then
  return shown("Degraded", "Stalled")
end
if is_true("Paused") then
  -- A paused claim with a profile that takes pods must not hold up a sync.
  return shown(is_true("Available") and "Healthy" or "Suspended", "Paused")
end
if is_true("Ready") then
  return shown("Healthy", "Ready")
end
-- A wait in the queue says its place and who is ahead.
return shown("Progressing", "Ready")
