{{- define "service.name" -}}
{{ required "a name" .Values.name }}
{{- end }}
