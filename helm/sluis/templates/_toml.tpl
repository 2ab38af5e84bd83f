{{- /*
TOML from a map, without templates of its own: a table's plain keys first, then its tables, then its lists of tables.
A JSON string is a TOML basic string; JSON numbers, booleans and lists of them are TOML too.
*/}}
{{- define "sluis.toml.table" -}}
{{- $at := .at }}
{{- range $key, $value := .table }}
{{- if not (or (kindIs "map" $value) (and (kindIs "slice" $value) $value (kindIs "map" (first $value)))) }}
{{ include "sluis.toml.key" $key }} = {{ include "sluis.toml.value" $value }}
{{- end }}
{{- end }}
{{- range $key, $value := .table }}
{{- if kindIs "map" $value }}

[{{ $at }}{{ include "sluis.toml.key" $key }}]
{{- include "sluis.toml.table" (dict "table" $value "at" (printf "%s%s." $at (include "sluis.toml.key" $key))) }}
{{- else if and (kindIs "slice" $value) $value (kindIs "map" (first $value)) }}
{{- range $value }}

[[{{ $at }}{{ include "sluis.toml.key" $key }}]]
{{- include "sluis.toml.table" (dict "table" . "at" (printf "%s%s." $at (include "sluis.toml.key" $key))) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Helm reads numbers as floats; a whole one is written as a whole one. */}}
{{- define "sluis.toml.value" -}}
{{- if kindIs "invalid" . }}{{ fail "a value below `config` is empty (null); leave it out, or write one" }}{{ end -}}
{{- if kindIs "slice" . -}}
{{- $values := list }}
{{- range . }}{{ $values = append $values (include "sluis.toml.value" .) }}{{ end -}}
[{{ join ", " $values }}]
{{- else if and (kindIs "float64" .) (eq . (floor .)) }}{{ int64 . }}
{{- else }}{{ toJson . }}
{{- end }}
{{- end }}

{{- define "sluis.toml.key" -}}
{{- if regexMatch "^[A-Za-z0-9_-]+$" . }}{{ . }}{{ else }}{{ toJson . }}{{ end }}
{{- end }}
