{{- define "shop.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" | lower -}}
{{- end -}}
{{- define "shop.labels" -}}
app: {{ include "shop.name" . }}
chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") | quote }}
{{- range $key, $value := (default (dict) .Values.labels) }}
{{ $key }}: {{ $value | squote }}
{{- end }}
{{- end -}}
{{- define "shop.port" -}}{{ ternary 8443 8000 (and .tls (not .plain)) }}{{- end -}}
