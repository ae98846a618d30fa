{{/* The name of all that the release consists of. */}}
{{- define "fargateclaims.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* What tells this release's pods from all others: it cannot be changed later. */}}
{{- define "fargateclaims.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* A pod has none that change with the chart alone: it would be replaced for nothing. */}}
{{- define "fargateclaims.podLabels" -}}
{{- $own := include "fargateclaims.selectorLabels" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/component" "operator" -}}
{{- $_ := set $own "app.kubernetes.io/part-of" "fargateclaims" -}}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- mergeOverwrite $own (default dict .Values.commonLabels) | toYaml -}}
{{- end }}

{{- define "fargateclaims.labels" -}}
{{- $own := dict "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_") -}}
{{- mergeOverwrite $own (include "fargateclaims.podLabels" . | fromYaml) | toYaml -}}
{{- end }}

{{- define "fargateclaims.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "fargateclaims.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name: name the ServiceAccount to use, since serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{/* A digest says exactly which image; a tag beside it is only for people. */}}
{{- define "fargateclaims.image" -}}
{{- $image := printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- with .Values.image.registry }}{{ $image = printf "%s/%s" . $image }}{{ end -}}
{{- with .Values.image.digest }}{{ $image = printf "%s@%s" $image . }}{{ end -}}
{{- $image -}}
{{- end }}

{{/* The container's port, from the setting: `:8080` where it is not set. */}}
{{- define "fargateclaims.port" -}}
{{- .Values.settings.httpAddress | default ":8080" | trimPrefix ":" -}}
{{- end }}

{{/* A file about metrics, with links to the runbooks where the reader finds them. */}}
{{- define "fargateclaims.observability" -}}
{{- $text := .root.Files.Get .file -}}
{{- with .root.Values.runbookBaseURL -}}
{{- $text = $text | replace "docs/runbooks.md" (printf "%s/docs/runbooks.md" (trimSuffix "/" .)) -}}
{{- end -}}
{{- $text -}}
{{- end }}

{{- define "fargateclaims.leaseNamespace" -}}
{{- default .Release.Namespace .Values.settings.leaseNamespace -}}
{{- end }}
