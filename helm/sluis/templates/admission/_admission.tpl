{{- /*
The binding of a policy, in force in the namespaces of requests: a dict of `root`, `name`, and perhaps `grant` (the policy
has the namespace's AccessGrant as its parameter) or `everywhere`. Where there is no grant, what the policy looks at is
refused, also before its matchConditions are asked: no grant, no pod.
*/}}
{{- define "sluis.admission.binding" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ .name }}
  labels:
    {{- include "sluis.labels" (dict "root" .root "component" "admission") | nindent 4 }}
spec:
  policyName: {{ .name }}
  validationActions: [Deny]
  {{- if .grant }}
  paramRef:
    name: grant
    parameterNotFoundAction: Deny
  {{- end }}
  {{- if not .everywhere }}
  matchResources:
    namespaceSelector:
      matchExpressions:
        - key: sluis.dev/request
          operator: {{ if .elsewhere }}DoesNotExist{{ else }}Exists{{ end }}
  {{- end }}
{{- end }}

{{- /* CEL: the request comes from the cluster's own controllers or nodes. */}}
{{- define "sluis.admission.cluster" -}}
(request.userInfo.username.startsWith('system:serviceaccount:kube-system:') || request.userInfo.username in ['system:kube-controller-manager', 'system:apiserver'] || ('system:nodes' in request.userInfo.groups))
{{- end }}

{{- /* CEL: the request comes from who takes away what a namespace that ends still holds; nothing else there is theirs. */}}
{{- define "sluis.admission.ends" -}}
request.userInfo.username in {{ concat (list "system:serviceaccount:kube-system:namespace-controller" "system:serviceaccount:kube-system:generic-garbage-collector" "system:kube-controller-manager") .Values.admission.deleteUsers | toJson }}
{{- end }}

{{- /* CEL: what of a pod's placement and size the profiles of the settings allow, as a list of maps. */}}
{{- define "sluis.admission.profiles" -}}
{{- $profiles := list }}
{{- /* without any, Sluis has a small and a large one; what a profile does not say is as in hub_config/settings.py */}}
{{- range .Values.config.profiles | default (list (dict "cpus" 1 "memory_gib" 4) (dict "cpus" 2 "memory_gib" 12)) }}
{{- $cpu := mulf (get . "cpus" | default 1) 1000 | ceil | int64 | max 1 }}
{{- $memory := mulf (get . "memory_gib" | default 4) 1073741824 | ceil | int64 }}
{{- $mounts := ne (get . "data" | default "mount") "api" }}
{{- $profiles = append $profiles (printf "{'runtime': dyn(%s), 'selector': dyn(%s), 'mounts': dyn(%t), 'cpu': dyn('%dm'), 'memory': dyn('%d')}" (get . "runtime_class" | default "" | toJson) (include "sluis.nodeLabels" .) $mounts $cpu $memory) }}
{{- end -}}
[{{ join ", " $profiles }}]
{{- end }}

{{- /* A profile's node_selector, a list of `label=value`, as a JSON map. */}}
{{- define "sluis.nodeLabels" -}}
{{- $labels := dict }}
{{- range get . "node_selector" | default list }}
{{- $_ := set $labels (splitList "=" . | first) (splitList "=" . | last) }}
{{- end }}
{{- toJson $labels }}
{{- end }}
