{{- /*
Every name that this chart gives stands here. The parts' names are fixed, since the parts name each other by them; one
installation has a cluster to itself, so the cluster-wide names are fixed too.
*/}}

{{- /* Deployments, Services, ServiceAccounts, NetworkPolicies of the parts */}}
{{- define "sluis.hub.name" }}hub{{ end }}
{{- define "sluis.proxy.name" }}proxy{{ end }}
{{- define "sluis.proxy-api.name" }}proxy-api{{ end }}
{{- define "sluis.proxy-institute.name" }}proxy-institute{{ end }}
{{- define "sluis.desk.name" }}desk{{ end }}
{{- define "sluis.warden.name" }}warden{{ end }}
{{- define "sluis.prepare.name" }}prepare{{ end }}
{{- define "sluis.dashboard.name" }}sluis-dashboard{{ end }}
{{- define "sluis.config.name" }}sluis-config{{ end }}
{{- define "sluis.default-deny.name" }}default-deny{{ end }}

{{- /* Cluster-wide: rights */}}
{{- define "sluis.workspaces-role.name" }}sluis-workspaces{{ end }}
{{- define "sluis.warden-role.name" }}sluis-warden{{ end }}

{{- /* Cluster-wide: admission */}}
{{- define "sluis.crd.name" }}accessgrants.sluis.dev{{ end }}
{{- define "sluis.workspace-pods.name" }}sluis-workspace-pods{{ end }}
{{- define "sluis.pod-updates.name" }}sluis-pod-updates{{ end }}
{{- define "sluis.grants.name" }}sluis-grants{{ end }}
{{- define "sluis.no-doors.name" }}sluis-no-doors{{ end }}
{{- define "sluis.no-node-doors.name" }}sluis-no-node-doors{{ end }}
{{- define "sluis.no-tokens.name" }}sluis-no-tokens{{ end }}
{{- define "sluis.makers.name" }}sluis-makers{{ end }}
{{- define "sluis.accounts.name" }}sluis-accounts{{ end }}
{{- define "sluis.bindings.name" }}sluis-bindings{{ end }}
{{- define "sluis.homes.name" }}sluis-homes{{ end }}
{{- define "sluis.namespaces.name" }}sluis-namespaces{{ end }}
{{- define "sluis.parts-stay.name" }}sluis-parts-stay{{ end }}
{{- define "sluis.no-bucket-volumes.name" }}sluis-no-bucket-volumes{{ end }}

{{- /* All admission policies, and the bindings of the same names */}}
{{- define "sluis.policies" }}sluis-accounts sluis-bindings sluis-grants sluis-homes sluis-makers sluis-namespaces sluis-no-bucket-volumes sluis-no-doors sluis-no-node-doors sluis-no-tokens sluis-parts-stay sluis-pod-updates sluis-workspace-pods{{ end }}

{{- /* Users, as the cluster's API names them */}}
{{- define "sluis.hub.user" }}system:serviceaccount:{{ .Release.Namespace }}:{{ include "sluis.hub.name" . }}{{ end }}
{{- define "sluis.warden.user" }}system:serviceaccount:{{ .Release.Namespace }}:{{ include "sluis.warden.name" . }}{{ end }}

{{- /* Ports */}}
{{- define "sluis.hub.port" }}8081{{ end }}
{{- define "sluis.proxy.port" }}8000{{ end }}
{{- define "sluis.proxy-api.port" }}8001{{ end }}
{{- define "sluis.desk.port" }}8082{{ end }}
{{- define "sluis.desk.probes" }}8083{{ end }}
{{- define "sluis.warden.probes" }}8084{{ end }}
{{- define "sluis.workspace.port" }}8888{{ end }}
