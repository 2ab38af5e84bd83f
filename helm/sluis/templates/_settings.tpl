{{- /*
`sluis.toml`: what `config` holds, with what the chart knows by other values. Two places for one thing would come to
differ, so `config` may not hold those (templates/_checks.tpl).
*/}}
{{- define "sluis.settings" -}}
{{- $values := .Values }}
{{- $cluster := dict
  "url" $values.url
  "region" $values.region
  "image" (include "sluis.image" $values.singleuser.image)
  "hub_database" $values.database.hubUrl
  "namespace" .Release.Namespace
  "namespace_prefix" $values.namespacePrefix
  "home_gib" (trimSuffix "Gi" $values.singleuser.storage.capacity | int64)
  "storage_class" $values.singleuser.storage.dynamic.storageClass
  "host_aliases" (include "sluis.hostAliases" . | fromJsonArray)
  "storage_cidrs" $values.singleuser.networkPolicy.storageCidrs
  "metadata_server" $values.singleuser.networkPolicy.metadataServer
}}
{{- $log := dict "database" $values.database.url "checkpoints" (include "sluis.checkpoints.path" .) }}
{{- $origins := dict
  "desk" $values.origins.desk
  "workspaces" $values.origins.workspaces
  "allow_shared_origin" $values.origins.allowShared
}}
{{- $made := dict "cluster" $cluster "log" $log "origins" $origins }}
{{- with $values.network }}
{{- if .institute }}
{{- $network := dict
  "institute" .institute
  "institute_url" .url
  "balancers" .balancers
  "recheck_seconds" .recheckSeconds
}}
{{- $_ := set $made "network" $network }}
{{- end }}
{{- end }}
{{- include "sluis.toml.table" (dict "table" (mergeOverwrite (deepCopy $values.config) $made) "at" "") | trim }}
{{- end }}

{{- /* The names that a workspace knows, as a JSON list of `ADDRESS NAME`. */}}
{{- define "sluis.hostAliases" -}}
{{- $aliases := list }}
{{- range .Values.singleuser.hostAliases }}
{{- $ip := .ip }}
{{- range .hostnames }}{{ $aliases = append $aliases (printf "%s %s" $ip .) }}{{ end }}
{{- end }}
{{- toJson $aliases }}
{{- end }}
