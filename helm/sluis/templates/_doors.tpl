{{- /*
A door: the proxy by which browsers come in, public or the institute's (S77, S78). Each takes a dict of `root` and `door`.
*/}}
{{- define "sluis.door.name" }}{{ ternary (include "sluis.proxy-institute.name" .root) (include "sluis.proxy.name" .root) (eq .door "institute") }}{{ end }}
{{- define "sluis.door-api.name" }}{{ include "sluis.door.name" . }}-api{{ end }}

{{- define "sluis.door.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "sluis.door.name" . }}
  labels:
    {{- include "sluis.labels" (dict "root" .root "component" (include "sluis.door.name" .)) | nindent 4 }}
spec:
  replicas: 1
  strategy:
    type: Recreate
  selector:
    matchLabels:
      {{- include "sluis.matchLabels" (dict "component" (include "sluis.door.name" .)) | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "sluis.labels" (dict "root" .root "component" (include "sluis.door.name" .)) | nindent 8 }}
    spec:
      serviceAccountName: {{ include "sluis.door.name" . }}
      automountServiceAccountToken: false
      enableServiceLinks: true
      terminationGracePeriodSeconds: 30
      securityContext:
        {{- include "sluis.podSecurityContext" .root | nindent 8 }}
      {{- include "sluis.scheduling" (dict "root" .root "part" .root.Values.proxy.chp) | nindent 6 }}
      containers:
        - name: {{ include "sluis.door.name" . }}
          image: {{ include "sluis.image" .root.Values.image }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          # the binary itself: the wheel's `bin/node` passes no signal on
          command: [/opt/sluis/bin/node, /opt/sluis/proxy/entry.mjs]
          args:
            - --ip=
            - --port={{ include "sluis.proxy.port" . }}
            - --api-ip=
            - --api-port={{ include "sluis.proxy-api.port" . }}
            # Kubernetes fills in the address of the Service, so that no name has to be looked up
            - --default-target=http://$(HUB_SERVICE_HOST):$(HUB_SERVICE_PORT)
            - --error-target=http://$(HUB_SERVICE_HOST):$(HUB_SERVICE_PORT)/hub/error
            - --no-x-forward
            # milliseconds; longer than a load balancer keeps a connection that it may send a request into
            - --keep-alive-timeout=650000
            {{- if not .root.Values.origins.allowShared }}
            - --host-routing
            {{- end }}
          env:
            {{- if or .root.Values.network.institute (not .root.Values.origins.allowShared) }}
            # another host than this one has its own routes only
            - name: SLUIS_HUB_HOSTS
              value: {{ (urlParse (ternary (.root.Values.network.url | default .root.Values.url) .root.Values.url (eq .door "institute"))).hostname }}
            {{- end }}
            {{- if .root.Values.network.institute }}
            # which door this is, as it tells hub and desk
            - name: SLUIS_DOOR
              value: {{ .door }}
            {{- end }}
            {{- if eq .door "institute" }}
            # who gets to workspaces by it
            - name: SLUIS_INSTITUTE_NETWORKS
              value: {{ join " " .root.Values.network.institute | quote }}
            - name: SLUIS_BALANCERS
              value: {{ .root.Values.network.balancers | quote }}
            {{- end }}
            - name: CONFIGPROXY_AUTH_TOKEN
              valueFrom:
                secretKeyRef:
                  name: {{ .root.Values.existingSecret }}
                  key: proxy-token
          securityContext:
            {{- include "sluis.containerSecurityContext" .root | nindent 12 }}
          resources:
            {{- toYaml .root.Values.proxy.chp.resources | nindent 12 }}
          ports:
            - name: http
              containerPort: {{ include "sluis.proxy.port" . }}
            - name: api
              containerPort: {{ include "sluis.proxy-api.port" . }}
          livenessProbe:
            httpGet:
              path: /_chp_healthz
              port: http
            initialDelaySeconds: 5
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet:
              path: /_chp_healthz
              port: http
            periodSeconds: 2
            timeoutSeconds: 5
          volumeMounts:
            - name: tmp
              mountPath: /tmp
      volumes:
        - name: tmp
          emptyDir:
            sizeLimit: 64Mi
{{- end }}

{{- define "sluis.door.netpol" -}}
{{- $browsers := ternary .root.Values.network.browsers.cidrs .root.Values.networkPolicy.browsers.cidrs (eq .door "institute") -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "sluis.door.name" . }}
  labels:
    {{- include "sluis.labels" (dict "root" .root "component" (include "sluis.door.name" .)) | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "sluis.matchLabels" (dict "component" (include "sluis.door.name" .)) | nindent 6 }}
  policyTypes:
    - Ingress
    - Egress
  ingress:
    # browsers --> proxy
    - from:
        {{- range $browsers }}
        - ipBlock:
            cidr: {{ . }}
        {{- end }}
      ports:
        - port: {{ include "sluis.proxy.port" . }}
          protocol: TCP
    # hub --> proxy's API
    - from:
        {{- include "sluis.netpol.part" (dict "component" "hub") | nindent 8 }}
      ports:
        - port: {{ include "sluis.proxy-api.port" . }}
          protocol: TCP
    # warden --> proxy's API
    - from:
        {{- include "sluis.netpol.part" (dict "component" "warden") | nindent 8 }}
      ports:
        - port: {{ include "sluis.proxy-api.port" . }}
          protocol: TCP
  egress:
    # proxy --> hub
    - to:
        {{- include "sluis.netpol.part" (dict "component" "hub") | nindent 8 }}
      ports:
        - port: {{ include "sluis.hub.port" . }}
          protocol: TCP
    # proxy --> desk
    - to:
        {{- include "sluis.netpol.part" (dict "component" "desk") | nindent 8 }}
      ports:
        - port: {{ include "sluis.desk.port" . }}
          protocol: TCP
    # proxy --> workspaces
    - to:
        {{- include (ternary "sluis.netpol.workspaces" "sluis.netpol.openWorkspaces" (eq .door "institute")) . | nindent 8 }}
      ports:
        - port: {{ include "sluis.workspace.port" . }}
          protocol: TCP
{{- end }}

{{- define "sluis.door.service" -}}
{{- $service := ternary .root.Values.network.service .root.Values.proxy.service (eq .door "institute") -}}
{{- $browsers := ternary .root.Values.network.browsers.cidrs .root.Values.networkPolicy.browsers.cidrs (eq .door "institute") -}}
# The only way in from outside: browsers, or the load balancer that ends TLS for them.
apiVersion: v1
kind: Service
metadata:
  name: {{ include "sluis.door.name" . }}
  labels:
    {{- include "sluis.labels" (dict "root" .root "component" (include "sluis.door.name" .)) | nindent 4 }}
  {{- with $service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ $service.type }}
  {{- if eq $service.type "LoadBalancer" }}
  externalTrafficPolicy: Local  # else the policy of `# browsers --> proxy` would see the nodes' addresses
  {{- with $service.loadBalancerIP }}
  loadBalancerIP: {{ . }}
  {{- end }}
  loadBalancerSourceRanges:
    {{- toYaml ($service.loadBalancerSourceRanges | default $browsers) | nindent 4 }}
  {{- end }}
  selector:
    {{- include "sluis.matchLabels" (dict "component" (include "sluis.door.name" .)) | nindent 4 }}
  ports:
    - name: http
      port: {{ $service.port }}
      targetPort: http
      protocol: TCP
{{- end }}

{{- define "sluis.door.service-api" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "sluis.door-api.name" . }}
  labels:
    {{- include "sluis.labels" (dict "root" .root "component" (include "sluis.door.name" .)) | nindent 4 }}
spec:
  type: ClusterIP
  selector:
    {{- include "sluis.matchLabels" (dict "component" (include "sluis.door.name" .)) | nindent 4 }}
  ports:
    - name: api
      port: {{ include "sluis.proxy-api.port" . }}
      targetPort: api
      protocol: TCP
{{- end }}

{{- define "sluis.door.pdb" -}}
{{- if .root.Values.proxy.chp.pdb.enabled -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "sluis.door.name" . }}
  labels:
    {{- include "sluis.labels" (dict "root" .root "component" (include "sluis.door.name" .)) | nindent 4 }}
spec:
  minAvailable: 1
  selector:
    matchLabels:
      {{- include "sluis.matchLabels" (dict "component" (include "sluis.door.name" .)) | nindent 6 }}
{{- end }}
{{- end }}

{{- define "sluis.door.serviceaccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "sluis.door.name" . }}
  labels:
    {{- include "sluis.labels" (dict "root" .root "component" (include "sluis.door.name" .)) | nindent 4 }}
  {{- with .root.Values.proxy.chp.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end }}
