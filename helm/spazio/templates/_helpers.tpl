{{- define "spazio.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- /* What selects the serving pods. It must never change: a Deployment's selector is immutable. */ -}}
{{- define "spazio.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end }}

{{- define "spazio.commonLabels" -}}
app.kubernetes.io/part-of: {{ .Chart.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "spazio.labels" -}}
{{ include "spazio.selector" . }}
{{ include "spazio.commonLabels" . }}
{{- end }}

{{- /* The migration's pod must not be found by the Service, nor counted by the disruption budget. */ -}}
{{- define "spazio.migrationSelector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: migration
{{- end }}

{{- define "spazio.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end }}

{{- /* 65532 is the user the image is built for; both contexts together meet the "restricted" pod security standard. */ -}}
{{- define "spazio.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "spazio.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "spazio.databaseUrl" -}}
- name: SPAZIO_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.secrets.databaseUrl.name }}
      key: {{ .Values.secrets.databaseUrl.key }}
{{- end }}

{{- /* Every setting as the environment the program reads: the user's, then those that follow from where the chart mounts things. */ -}}
{{- define "spazio.environment" -}}
{{- range $section, $settings := .Values.config }}
{{- range $key, $value := $settings }}
{{- /* Numbers arrive as floats, which from a million on would be written 1e+06. */}}
SPAZIO_{{ upper $section }}_{{ upper $key }}: {{ ternary (int64 $value) $value (kindIs "float64" $value) | quote }}
{{- end }}
{{- end }}
SPAZIO_SERVER_LISTEN: 0.0.0.0:50051
SPAZIO_DATA_FOLDER: /data
SPAZIO_IDENTITY_JWKS_FILE: /etc/spazio/identity/{{ .Values.identity.keySet.key }}
SPAZIO_IDENTITY_ISSUER: {{ .Values.identity.issuer | quote }}
SPAZIO_IDENTITY_AUDIENCE: {{ .Values.identity.audience | quote }}
{{- if .Values.metrics.enabled }}
SPAZIO_METRICS_LISTEN: 0.0.0.0:{{ .Values.metrics.port }}
{{- end }}
{{- if .Values.tls.secret }}
SPAZIO_SERVER_TLS_CERTIFICATE: /etc/spazio/tls/tls.crt
SPAZIO_SERVER_TLS_KEY: /etc/spazio/tls/tls.key
{{- end }}
{{- if .Values.tls.clientCaSecret }}
SPAZIO_SERVER_TLS_CLIENT_CA: /etc/spazio/client-ca/ca.crt
{{- end }}
{{- if .Values.secrets.documentKeys.name }}
SPAZIO_ARCHIVE_KEYS_FILE: /etc/spazio/archive/keys
{{- end }}
{{- if .Values.catalogue.configMap }}
SPAZIO_CATALOGUE_FILE: /etc/spazio/catalogue/{{ .Values.catalogue.key }}
{{- end }}
{{- if eq .Values.engine "sqlite" }}
SPAZIO_DATABASE_URL: sqlite:///data/spazio.db
{{- end }}
{{- end }}
