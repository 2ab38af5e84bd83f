{{- /* Labels by which pods are selected: a dict of `root` and `component`. */}}
{{- define "sluis.matchLabels" -}}
app.kubernetes.io/name: sluis
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- /* Labels of every object: a dict of `root` and `component`. */}}
{{- define "sluis.labels" -}}
{{ include "sluis.matchLabels" . }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- /* An image by its digest (DEP-06): a dict of `repository` and `digest`. */}}
{{- define "sluis.image" -}}
{{ printf "%s@%s" .repository .digest }}
{{- end }}

{{- /* What every pod of the chart is held to (DEP-05): Pod Security `restricted`, and more. */}}
{{- define "sluis.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "sluis.containerSecurityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop:
    - ALL
{{- end }}

{{- /* Where a pod may run: a dict of `root` and `part`, the part's values. */}}
{{- define "sluis.scheduling" -}}
{{- with .part.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .part.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* The image, and what all containers of the Python parts have: a dict of `root`, `part` (values) and `name`. */}}
{{- define "sluis.pythonContainer" -}}
image: {{ include "sluis.image" .root.Values.image }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
command: [python, -P, -m, hub_config.in_cluster, {{ .name }}]
env:
  - name: SLUIS_STATE
    value: /var/lib/sluis
  # the user 10001 need not have a name in the image
  - name: HOME
    value: /var/lib/sluis
  - name: USER
    value: sluis
  - name: POD_NAMESPACE
    valueFrom:
      fieldRef:
        fieldPath: metadata.namespace
  - name: POD_IP
    valueFrom:
      fieldRef:
        fieldPath: status.podIP
securityContext:
  {{- include "sluis.containerSecurityContext" . | nindent 2 }}
resources:
  {{- toYaml .part.resources | nindent 2 }}
volumeMounts:
  - name: state
    mountPath: /var/lib/sluis
  - name: tmp
    mountPath: /tmp
  - name: settings
    mountPath: /etc/sluis/sluis.toml
    subPath: sluis.toml
    readOnly: true
  - name: keys
    mountPath: /etc/sluis/keys
    readOnly: true
  - name: secrets
    mountPath: /etc/sluis/secrets
    readOnly: true
  - name: checkpoints
    mountPath: {{ include "sluis.checkpoints.path" . }}
  {{- if .root.Values.documents.existingConfigMap }}
  - name: documents
    mountPath: /etc/sluis/documents
    readOnly: true
  {{- end }}
{{- end }}

{{- define "sluis.checkpoints.path" }}/var/lib/sluis-checkpoints{{ end }}

{{- /*
The volumes that go with it: a dict of `root`, `config` (name of the ConfigMap) and `secrets`, a list of [key, file].
A part sees only the secrets that it needs (SPW-11).
*/}}
{{- define "sluis.pythonVolumes" -}}
- name: state
  emptyDir:
    sizeLimit: 256Mi
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
- name: settings
  configMap:
    name: {{ .config }}
- name: keys
  secret:
    secretName: {{ .root.Values.keys.existingSecret }}
    defaultMode: 0440
- name: secrets
  secret:
    secretName: {{ .root.Values.existingSecret }}
    defaultMode: 0440
    items:
      {{- range .secrets }}
      - key: {{ first . }}
        path: {{ last . }}
      {{- end }}
- name: checkpoints
  persistentVolumeClaim:
    claimName: {{ .root.Values.checkpoints.existingClaim }}
{{- with .root.Values.documents.existingConfigMap }}
- name: documents
  configMap:
    name: {{ . }}
{{- end }}
{{- end }}

{{- /* Egress to the cluster's DNS */}}
{{- define "sluis.netpol.dns" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .Values.networkPolicy.dns.namespace }}
      podSelector:
        matchLabels:
          {{- toYaml .Values.networkPolicy.dns.podLabels | nindent 10 }}
    {{- range .Values.networkPolicy.dns.cidrs }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- end }}

{{- /* Egress to PostgreSQL */}}
{{- define "sluis.netpol.database" -}}
- to:
    {{- range .Values.database.cidrs }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
    {{- if .Values.database.podLabels }}
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .Values.database.namespace | default .Release.Namespace }}
      podSelector:
        matchLabels:
          {{- toYaml .Values.database.podLabels | nindent 10 }}
    {{- end }}
  ports:
    - port: {{ .Values.database.port }}
      protocol: TCP
{{- end }}

{{- /* Egress to the cluster's API */}}
{{- define "sluis.netpol.apiServer" -}}
- to:
    {{- range .Values.networkPolicy.apiServer.cidrs }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  ports:
    - port: {{ .Values.networkPolicy.apiServer.port }}
      protocol: TCP
{{- end }}

{{- /* Pods of a part as a peer: a dict of `component`. */}}
{{- define "sluis.netpol.part" -}}
- podSelector:
    matchLabels:
      {{- include "sluis.matchLabels" . | nindent 6 }}
{{- end }}

{{- /* Workspaces as a peer: pods of ours in a request's namespace. */}}
{{- define "sluis.netpol.workspaces" -}}
- namespaceSelector:
    matchExpressions:
      - key: sluis.dev/request
        operator: Exists
  podSelector:
    matchLabels:
      sluis.dev/part: workspace
{{- end }}

{{- /* Those of them that anybody who is in reaches, from wherever (S78). */}}
{{- define "sluis.netpol.openWorkspaces" -}}
{{ include "sluis.netpol.workspaces" . }}
      sluis.dev/zone: anywhere
{{- end }}

{{- /* The doors as peers: the public proxy, and the institute's where there is one. */}}
{{- define "sluis.netpol.doors" -}}
{{ include "sluis.netpol.part" (dict "component" "proxy") }}
{{- if .Values.network.institute }}
{{ include "sluis.netpol.part" (dict "component" "proxy-institute") }}
{{- end }}
{{- end }}

{{- /* The client secrets of the login providers: of each its own, where there are several */}}
{{- define "sluis.login.secrets" }}
{{- range (get (get .Values.config "login" | default dict) "providers") | default (list dict) }}
- client-secret{{ with get . "name" }}-{{ . }}{{ end }}
{{- end }}
{{- end }}
