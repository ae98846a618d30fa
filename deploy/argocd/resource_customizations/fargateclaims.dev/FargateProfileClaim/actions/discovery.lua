local annotations = obj.metadata.annotations or {}
local paused = annotations["fargateclaims.dev/paused"] == "true"
local synced = false
for _, condition in ipairs((obj.status or {}).conditions or {}) do
  if condition.type == "Synced" and condition.status == "True" then
    synced = true
  end
end

local actions = {
  -- With EKS as the spec and the class say there is nothing to try; while paused nothing is tried.
  retry = {disabled = synced or paused, iconClass = "fa fa-fw fa-redo", displayName = "Retry now"},
  pause = {disabled = paused, iconClass = "fa fa-fw fa-pause-circle", displayName = "Pause"},
  resume = {disabled = not paused, iconClass = "fa fa-fw fa-play-circle", displayName = "Resume"},
}

-- Argo CD gives an empty table back as a list, which the API server refuses where an object belongs.
for _, selector in ipairs((obj.spec or {}).selectors or {}) do
  if next(selector) == nil then
    for _, action in pairs(actions) do
      action.disabled = true
      action.displayName = action.displayName .. " (a selector is empty: write its namespace first, or use kubectl annotate)"
    end
    break
  end
end
return actions
