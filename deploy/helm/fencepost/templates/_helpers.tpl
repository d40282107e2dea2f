{{- define "fencepost.labels" -}}
app.kubernetes.io/name: fencepost
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "fencepost.selector" -}}
app.kubernetes.io/name: fencepost
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "fencepost.fullname" -}}
{{- if contains "fencepost" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-fencepost" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "fencepost.image" -}}
{{- $repository := required "image.repository is empty: build the image (deploy/container), push it, and name it" .Values.image.repository }}
{{- if .Values.image.digest }}{{ $repository }}@{{ .Values.image.digest }}{{ else }}{{ $repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "fencepost.planConfigMap" -}}
{{- if and .Values.plan.text .Values.plan.existingConfigMap }}{{ fail "plan.text and plan.existingConfigMap are both set: keep one" }}{{ end }}
{{- if .Values.plan.existingConfigMap }}{{ .Values.plan.existingConfigMap }}{{ else if .Values.plan.text }}{{ include "fencepost.fullname" . }}-plan{{ else }}{{ fail "there is no plan: --set-file plan.text=plan.yaml, or plan.existingConfigMap" }}{{ end }}
{{- end }}

{{- define "fencepost.probe" -}}
{{- if .root.Values.web.existingSecret }}
tcpSocket: {port: http}
{{- else }}
httpGet: {path: {{ .path }}, port: http}
{{- end }}
{{- end }}
