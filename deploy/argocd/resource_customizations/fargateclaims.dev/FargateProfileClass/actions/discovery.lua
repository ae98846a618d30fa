local annotations = obj.metadata.annotations or {}
local paused = annotations["fargateclaims.dev/paused"] == "true"

return {
  retry = {disabled = paused, iconClass = "fa fa-fw fa-redo", displayName = "Retry all claims now"},
  pause = {disabled = paused, iconClass = "fa fa-fw fa-pause-circle", displayName = "Pause all claims"},
  resume = {disabled = not paused, iconClass = "fa fa-fw fa-play-circle", displayName = "Resume all claims"},
}
