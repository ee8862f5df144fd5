{{- define "spazio.egressToNames" -}}
# Names. The cluster's resolver is not always in kube-system, so the port is what is said.
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
{{- end }}

{{- /* One destination of the values: { to, port }. */ -}}
{{- define "spazio.egressTo" -}}
- ports:
    - { port: {{ .port }}, protocol: TCP }
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
