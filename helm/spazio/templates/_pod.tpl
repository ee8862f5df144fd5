{{- /* The seconds between the endpoint's removal and SIGTERM: proxies learn of a leaving pod a little after the kubelet does. */ -}}
{{- define "spazio.leaveSeconds" -}}5{{- end }}

{{- /* The serving pod: the same whether a Deployment or a StatefulSet makes it. */ -}}
{{- define "spazio.pod" -}}
metadata:
  labels:
    {{- include "spazio.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # A changed setting starts new pods. A changed secret does not, the chart cannot see it: kubectl rollout restart.
    checksum/config: {{ include "spazio.environment" . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "spazio.fullname" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  # The drain, the leave-taking before it, and time to close the database.
  terminationGracePeriodSeconds: {{ add .Values.config.server.drain_seconds (include "spazio.leaveSeconds" .) 10 }}
  securityContext:
    {{- include "spazio.podSecurity" . | nindent 4 }}
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  topologySpreadConstraints:
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "spazio.selector" $ | nindent 10 }}
    {{- end }}
  containers:
    - name: spazio
      {{- include "spazio.container" . | nindent 6 }}
  volumes:
    {{- include "spazio.volumes" . | nindent 4 }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "spazio.container" -}}
image: {{ include "spazio.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [serve]
ports:
  - name: grpc
    containerPort: 50051
  {{- if .Values.metrics.enabled }}
  - name: metrics
    containerPort: {{ .Values.metrics.port }}
  {{- end }}
envFrom:
  - configMapRef:
      name: {{ include "spazio.fullname" . }}
{{- with include "spazio.secretEnvironment" . | trim }}
env:
  {{- . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "spazio.containerSecurity" . | nindent 2 }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ include "spazio.leaveSeconds" . }}
{{- include "spazio.probes" . }}
volumeMounts:
  - { name: data, mountPath: /data }
  - { name: tmp, mountPath: /tmp }
  - { name: identity, mountPath: /etc/spazio/identity, readOnly: true }
  {{- if .Values.tls.secret }}
  - { name: tls, mountPath: /etc/spazio/tls, readOnly: true }
  {{- end }}
  {{- if .Values.tls.clientCaSecret }}
  - { name: client-ca, mountPath: /etc/spazio/client-ca, readOnly: true }
  {{- end }}
  {{- if .Values.catalogue.configMap }}
  - { name: catalogue, mountPath: /etc/spazio/catalogue, readOnly: true }
  {{- end }}
  {{- if .Values.secrets.documentKeys.name }}
  - { name: document-keys, mountPath: /etc/spazio/archive, readOnly: true }
  {{- end }}
{{- end }}

{{- define "spazio.secretEnvironment" -}}
{{- if eq .Values.engine "postgres" }}
{{ include "spazio.databaseUrl" . }}
{{- end }}
{{- with .Values.secrets.objectStore }}
{{- if .name }}
- name: SPAZIO_ARCHIVE_S3_ACCESS_KEY_ID
  valueFrom:
    secretKeyRef:
      name: {{ .name }}
      key: {{ .idKey }}
- name: SPAZIO_ARCHIVE_S3_SECRET_ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .name }}
      key: {{ .secretKey }}
{{- end }}
{{- end }}
{{- if eq .Values.config.mail.transport "smtp" }}
- name: SPAZIO_MAIL_SMTP_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.secrets.smtpUrl.name }}
      key: {{ .Values.secrets.smtpUrl.key }}
{{- end }}
{{- end }}

{{- /*
Health follows the database, so it decides who is sent calls, never who is restarted: a liveness probe on it would restart every pod while
the database is away. The kubelet's gRPC probe speaks no TLS; with TLS in the server readiness is therefore an open port, too.
*/ -}}
{{- define "spazio.probes" }}
startupProbe:
  {{- include "spazio.ready" . | nindent 2 }}
  # Five minutes: on SQLite the schema is brought up to date within them.
  periodSeconds: 2
  failureThreshold: 150
readinessProbe:
  {{- include "spazio.ready" . | nindent 2 }}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
livenessProbe:
  tcpSocket:
    port: grpc
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 6
{{- end }}

{{- define "spazio.ready" -}}
{{- if .Values.tls.secret -}}
tcpSocket:
  port: grpc
{{- else -}}
grpc:
  port: 50051
{{- end -}}
{{- end }}

{{- define "spazio.volumes" -}}
{{- if eq .Values.engine "postgres" -}}
{{- /* On PostgreSQL nothing is kept here. */ -}}
- name: data
  emptyDir:
    sizeLimit: 64Mi
{{ end -}}
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
- name: identity
  {{- if eq .Values.identity.keySet.kind "Secret" }}
  secret:
    secretName: {{ .Values.identity.keySet.name }}
  {{- else }}
  configMap:
    name: {{ .Values.identity.keySet.name }}
  {{- end }}
{{- with .Values.tls.secret }}
- name: tls
  secret:
    secretName: {{ . }}
    # Readable by the group that fsGroup makes the program a member of, and nobody else.
    defaultMode: 0440
{{- end }}
{{- with .Values.tls.clientCaSecret }}
- name: client-ca
  secret:
    secretName: {{ . }}
    # The authority's certificate only, even where its private key sits beside it.
    items:
      - { key: ca.crt, path: ca.crt }
{{- end }}
{{- with .Values.secrets.documentKeys }}
{{- if .name }}
- name: document-keys
  secret:
    secretName: {{ .name }}
    defaultMode: 0440
    items:
      - { key: {{ .key }}, path: keys }
{{- end }}
{{- end }}
{{- with .Values.catalogue.configMap }}
- name: catalogue
  configMap:
    name: {{ . }}
{{- end }}
{{- end }}
