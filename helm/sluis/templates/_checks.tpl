{{- /*
What the schema cannot say in words that help: what has to be written, and what to write instead of what is not here.
Each line says what to do. Nothing renders while one of them applies (DEP-01).
*/}}
{{- define "sluis.checks" -}}
{{- include "sluis.checks.removed" . }}
{{- include "sluis.checks.required" . }}
{{- include "sluis.checks.origins" . }}
{{- include "sluis.checks.network" . }}
{{- include "sluis.checks.settings" . }}
{{- include "sluis.checks.sidecar" . }}
{{- include "sluis.checks.widths" . }}
{{- include "sluis.checks.regions" . }}
{{- include "sluis.checks.namespace" . }}
{{- end }}

{{- define "sluis.required" -}}
- path: url
  write: "the address that browsers use, such as `https://sluis.example.org`"
- path: region
  write: "the region of the cluster and its buckets, in the EU, such as `europe-west4`"
- path: image.repository
  write: "the image of hub, proxy, desk and warden, such as `registry.example.org/sluis` (helm/images/sluis.Dockerfile)"
- path: image.digest
  write: "its digest, `sha256:` and 64 digits"
- path: singleuser.image.repository
  write: "the image of workspaces, such as `registry.example.org/workspace` (helm/images/workspace.Dockerfile)"
- path: singleuser.image.digest
  write: "its digest, `sha256:` and 64 digits"
- path: existingSecret
  write: "the Secret with the tokens and passwords; docs/kubernetes.md says how to make it, the chart makes none"
- path: keys.existingSecret
  write: "the Secret with master.key, lookup.key and checkpoint.key, which `sluis init` made"
- path: database.url
  write: "the PostgreSQL of the log, such as `postgresql://db.example.org/sluis`; Sluis needs one and the chart brings none"
- path: database.hubUrl
  write: "the PostgreSQL of JupyterHub, such as `postgresql://jupyterhub@db.example.org/jupyterhub`"
- path: checkpoints.existingClaim
  write: "the claim of the volume that signed checkpoints are written to, ReadWriteMany"
- path: networkPolicy.browsers.cidrs
  write: "where browsers, or the load balancer before the proxy, come from, such as `[130.211.0.0/22, 35.191.0.0/16]`"
- path: networkPolicy.apiServer.cidrs
  write: "the addresses of the cluster's API, such as `[10.0.0.2/32]`; `kubectl get endpointslices kubernetes` shows them"
{{- end }}

{{- define "sluis.checks.required" -}}
{{- range include "sluis.required" . | fromYamlArray }}
{{- $value := index (include "sluis.at" (dict "values" $.Values "path" .path) | fromYaml) "value" }}
{{- if empty $value }}{{ fail (printf "%s is empty: write %s" .path .write) }}{{ end }}
{{- end }}
{{- if not (or .Values.database.cidrs .Values.database.podLabels) }}
{{- fail "database.cidrs and database.podLabels are empty: write where the database is, such as `database.cidrs: [10.0.0.5/32]`" }}
{{- end }}
{{- end }}

{{- /* The value at a path of the values, as YAML below `value`; nothing where a step is not there. */}}
{{- define "sluis.at" -}}
{{- $here := .values }}
{{- range splitList "." .path }}
{{- if kindIs "map" $here }}{{ $here = get $here . }}{{ else }}{{ $here = "" }}{{ end }}
{{- end }}
{{- toYaml (dict "value" $here) }}
{{- end }}

{{- define "sluis.removed" -}}
- path: cull
  write: "nothing: profiles end by `max_run_hours` below config.profiles, and sessions by config.policy.session_hours"
- path: custom
  write: "what Sluis reads below `config`"
- path: debug
  write: "nothing: there is no debug mode, since it would log tokens"
- path: fullnameOverride
  write: "nothing: the parts find each other by fixed names, and an installation has a cluster to itself"
- path: ingress
  write: "proxy.service, and an Ingress or Gateway of your own in front of the Service `proxy` that ends TLS"
- path: httpRoute
  write: "proxy.service, and a Gateway of your own in front of the Service `proxy` that ends TLS"
- path: prePuller
  write: "nothing: images are pulled when they are first needed"
- path: rbac
  write: "nothing: the rights are part of the locks and always made"
- path: scheduling
  write: "nodeSelector and tolerations of each part, and node_selector below config.profiles"
- path: hub.config
  write: "Sluis' settings below `config`; JupyterHub's own classes are set by Sluis"
- path: hub.extraConfig
  write: "nothing: code that is added to the hub would stand above every lock in it"
- path: hub.extraEnv
  write: "Sluis' settings below `config`"
- path: hub.cookieSecret
  write: "existingSecret; its key `cookie-secret` holds it"
- path: hub.db
  write: "database.hubUrl"
- path: hub.existingSecret
  write: "existingSecret"
- path: hub.image
  write: "image, which all four parts share"
- path: hub.services
  write: "nothing: desk and warden are the hub's services"
- path: hub.loadRoles
  write: "nothing: rights follow from the log; nobody is an admin of JupyterHub"
- path: hub.networkPolicy
  write: "networkPolicy, database.cidrs"
- path: hub.allowNamedServers
  write: "nothing: each request has a workspace of its own"
- path: proxy.secretToken
  write: "existingSecret; its key `proxy-token` holds it"
- path: proxy.https
  write: "a load balancer, Ingress or Gateway of your own in front of the Service `proxy` that ends TLS"
- path: proxy.traefik
  write: "a load balancer, Ingress or Gateway of your own in front of the Service `proxy` that ends TLS"
- path: singleuser.profileList
  write: "config.profiles"
- path: singleuser.cmd
  write: "nothing: the command of a workspace is part of what is checked"
- path: singleuser.extraEnv
  write: "nothing: what a workspace is given follows from the decision"
- path: singleuser.extraPodConfig
  write: "nothing: a pod equals the decision, and admission refuses any other"
- path: singleuser.extraContainers
  write: "nothing: a workspace has one container"
- path: singleuser.initContainers
  write: "nothing: a workspace has one container"
- path: singleuser.extraFiles
  write: "the image of workspaces: helm/images/workspace.Dockerfile"
- path: singleuser.lifecycleHooks
  write: "nothing: a workspace has one container and no hooks"
- path: singleuser.serviceAccountName
  write: "nothing: each person has a service account of their own in each request"
- path: singleuser.allowPrivilegeEscalation
  write: "nothing: no workspace may"
- path: singleuser.cloudMetadata
  write: "singleuser.networkPolicy.metadataServer"
- path: singleuser.nodeSelector
  write: "node_selector below config.profiles"
- path: singleuser.cpu
  write: "cpus below config.profiles"
- path: singleuser.memory
  write: "memory_gib below config.profiles"
{{- end }}

{{- define "sluis.checks.removed" -}}
{{- range include "sluis.removed" . | fromYamlArray }}
{{- $steps := splitList "." .path }}
{{- $table := $.Values }}
{{- if gt (len $steps) 1 }}{{ $table = index $.Values (first $steps) }}{{ end }}
{{- if hasKey $table (last $steps) }}{{ fail (printf "%s is not in this chart: write %s" .path .write) }}{{ end }}
{{- end }}
{{- end }}

{{- /* Hub, desk and each workspace have a web origin of their own, unless somebody says that they need not (SES-07). */}}
{{- define "sluis.checks.origins" -}}
{{- $origins := .Values.origins }}
{{- if hasKey .Values.config "origins" }}
{{- fail "config.origins is made by the chart: write origins instead; the hub's address is url" }}
{{- end }}
{{- if and $origins.allowShared (or $origins.desk $origins.workspaces) }}
{{- fail "origins.allowShared does not go with addresses of their own: leave it out" }}
{{- end }}
{{- range $key, $write := dict "desk" "https://desk.example.org" "workspaces" "https://*.work.example.org" }}
{{- if and (empty (get $origins $key)) (not $origins.allowShared) }}
{{- fail (printf "origins.%s is empty: write an address of its own, such as `%s`, or origins.allowShared: true (docs/kubernetes.md says what that leaves open)" $key $write) }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The institute's network has a door of its own (S77, S78). */}}
{{- define "sluis.checks.network" -}}
{{- $network := .Values.network }}
{{- if hasKey .Values.config "network" }}
{{- fail "config.network is made by the chart: write network instead" }}
{{- end }}
{{- if and $network.url (not .Values.origins.allowShared) }}
{{- fail "network.url does not go with addresses of their own in origins: inside, the same names lead to the institute's proxy; leave it out (docs/network.md)" }}
{{- end }}
{{- if and $network.institute (empty $network.url) .Values.origins.allowShared }}
{{- fail "network.url is empty: write the address that browsers use from within it, such as `https://sluis.inside.example.org`" }}
{{- end }}
{{- if and $network.url (empty $network.institute) }}
{{- fail "network.institute is empty: write its networks, such as `[192.0.2.0/24]`" }}
{{- end }}
{{- if and $network.institute (empty $network.browsers.cidrs) }}
{{- fail "network.browsers.cidrs is empty: write where browsers, or the load balancer before the institute's proxy, come from" }}
{{- end }}
{{- end }}

{{- define "sluis.checks.settings" -}}
{{- $config := .Values.config }}
{{- if hasKey $config "cluster" }}
{{- fail "config.cluster is made by the chart: write url, region, namespacePrefix, singleuser and database.hubUrl instead" }}
{{- end }}
{{- range $key, $write := dict "database" "database.url" "checkpoints" "checkpoints.existingClaim" }}
{{- if hasKey (get $config "log" | default dict) $key }}{{ fail (printf "config.log.%s is made by the chart: write %s instead" $key $write) }}{{ end }}
{{- end }}
{{- $login := get $config "login" | default dict }}
{{- if hasKey $login "client_secret_file" }}
{{- fail "config.login.client_secret_file is not for a cluster: write the client secret into `client-secret` of existingSecret instead" }}
{{- end }}
{{- range get $login "providers" | default list }}
{{- if hasKey . "client_secret_file" }}
{{- fail (printf "config.login.providers: client_secret_file is not for a cluster: write it into `client-secret-%s` of existingSecret instead" (get . "name")) }}
{{- end }}
{{- end }}
{{- if hasKey (get $config "mail" | default dict) "password_file" }}
{{- fail "config.mail.password_file is not for a cluster: write the password into `mail-password` of existingSecret instead" }}
{{- end }}
{{- if and (hasKey $config "mail") (not .Values.networkPolicy.mail.cidrs) }}
{{- fail "networkPolicy.mail.cidrs is empty: write the addresses of config.mail.host, else no mail goes out" }}
{{- end }}
{{- if hasKey $config "data" }}
{{- fail "config.data is not for a cluster: leave it out, and register datasets at `gs://bucket/prefix`" }}
{{- end }}
{{- range $key := list "issuer" "client_id" }}
{{- if not (or (get $login "providers") (get $login $key)) }}
{{- fail (printf "config.login.%s is empty: write that of the OpenID Connect provider by which people log in" $key) }}
{{- end }}
{{- end }}
{{- if contains "@" (splitList "://" .Values.database.url | last) }}
{{- fail "database.url holds a user or password: leave it out, each part has its own role, and passwords stand in existingSecret" }}
{{- end }}
{{- end }}

{{- /* Data come from buckets only: where a profile mounts them, each of its pods gets the driver's sidecar (DAT-14). */}}
{{- define "sluis.checks.sidecar" -}}
{{- $mounting := empty .Values.config.profiles }}
{{- range .Values.config.profiles }}{{ if ne (get . "data" | default "mount") "api" }}{{ $mounting = true }}{{ end }}{{ end }}
{{- if and $mounting (empty .Values.singleuser.gcsfuse.sidecarRepositories) }}
{{- fail "singleuser.gcsfuse.sidecarRepositories is empty, so every workspace with data would be refused: write the repository of the sidecar that the Cloud Storage FUSE driver puts into pods, without its tag (docs/kubernetes.md says where to read it), or `data: api` at each of config.profiles" }}
{{- end }}
{{- end }}

{{- /* What workspaces and parts reach is a few addresses: a wide range would hold other pods, and the API (DEP-08). */}}
{{- define "sluis.checks.widths" -}}
{{- $lists := dict "singleuser.networkPolicy.storageCidrs" .Values.singleuser.networkPolicy.storageCidrs
  "networkPolicy.apiServer.cidrs" .Values.networkPolicy.apiServer.cidrs
  "networkPolicy.dns.cidrs" .Values.networkPolicy.dns.cidrs "database.cidrs" .Values.database.cidrs
  "networkPolicy.mail.cidrs" .Values.networkPolicy.mail.cidrs }}
{{- range $path, $cidrs := $lists }}
{{- range $cidrs }}
{{- $least := ternary 56 24 (contains ":" .) }}
{{- if lt (splitList "/" . | last | int) $least }}
{{- fail (printf "%s: `%s` is too wide: write networks of /%d or smaller" $path . $least) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sluis.regions" -}}
europe-west4 europe-west1 europe-north1
{{- end }}

{{- /* Everything lies in the EU: the region, and each that a node selector names (S87). */}}
{{- define "sluis.checks.regions" -}}
{{- $regions := splitList " " (include "sluis.regions" . | trim) }}
{{- if not (has .Values.region $regions) }}
{{- fail (printf "region `%s` is none in the EU: write one of %s" .Values.region (join ", " $regions)) }}
{{- end }}
{{- $selectors := list .Values.hub.nodeSelector .Values.proxy.chp.nodeSelector .Values.desk.nodeSelector .Values.warden.nodeSelector .Values.prepare.nodeSelector }}
{{- range .Values.config.profiles }}{{ $selectors = append $selectors (include "sluis.nodeLabels" . | fromJson) }}{{ end }}
{{- range $selector := $selectors }}
{{- with get $selector "topology.kubernetes.io/region" }}
{{- if not (has . $regions) }}{{ fail (printf "a node selector's region `%s` is none in the EU: write one of %s" . (join ", " $regions)) }}{{ end }}
{{- end }}
{{- with get $selector "topology.kubernetes.io/zone" }}
{{- if not (has (regexReplaceAll "-[a-z]$" . "") $regions) }}
{{- fail (printf "a node selector's zone `%s` is in no region of the EU: write one of %s, and its zone" . (join ", " $regions)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The chart's own namespace holds its pods to `restricted` too (DEP-08). Seen at an install, not where it is only rendered. */}}
{{- define "sluis.checks.namespace" -}}
{{- if hasPrefix (printf "%sdr-" .Values.namespacePrefix) .Release.Namespace }}
{{- fail (printf "namespace `%s` is named like a request's: install into another, such as `sluis`" .Release.Namespace) }}
{{- end }}
{{- with lookup "v1" "Namespace" "" .Release.Namespace }}
{{- if ne (get (.metadata.labels | default dict) "pod-security.kubernetes.io/enforce" | default "") "restricted" }}
{{- fail (printf "namespace `%s` does not enforce pod security: run `kubectl label namespace %s pod-security.kubernetes.io/enforce=restricted`" .metadata.name .metadata.name) }}
{{- end }}
{{- end }}
{{- end }}
