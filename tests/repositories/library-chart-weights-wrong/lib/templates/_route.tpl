{{- define "lib.route" -}}
- route:
  {{- range $subset, $weight := .split }}
  - destination: {host: {{ $.host }}, subset: {{ $subset }}}
    weight: {{ $weight }}
  {{- end }}
{{- end }}
