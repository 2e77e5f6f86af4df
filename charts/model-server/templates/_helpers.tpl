{{/* Every helper takes the root context, except "image". */}}

{{/* Name of every object: the release's. */}}
{{- define "model-server.name" -}}
{{ .Release.Name }}
{{- end }}

{{/* What a Service and a Deployment select by; never changes during the life of a release. */}}
{{- define "model-server.selectorLabels" -}}
app.kubernetes.io/name: model-server
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "model-server.labels" -}}
{{ include "model-server.selectorLabels" . }}
app.kubernetes.io/version: {{ .Values.image.version | trimPrefix "v" | quote }}
app.kubernetes.io/component: inference
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
llm-d.ai/model: {{ .Values.model.name | quote }}
{{- end }}

{{/* The pod of `helm test`: of another name, so that neither the Service nor the Deployment takes it for a server. */}}
{{- define "model-server.checkLabels" -}}
app.kubernetes.io/name: model-server-check
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "model-server.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (include "model-server.name" .) }}
{{- end }}

{{- define "model-server.servedName" -}}
{{ .Values.model.servedName | default .Values.model.name }}
{{- end }}

{{/* Folder of the weights. */}}
{{- define "model-server.weights" -}}
/var/lib/weights/{{ .Values.model.name }}
{{- end }}

{{/* The key as the file `key`, whatever it is called in the Secret. */}}
{{- define "model-server.apiKeyVolume" -}}
secret:
  secretName: {{ .Values.apiKeySecret.name }}
  items:
    - {key: {{ .Values.apiKeySecret.key }}, path: key}
{{- end }}

{{/* An image by digest: the one given, else the one that `make pin` looked up for just this repository and version. */}}
{{- define "model-server.image" -}}
{{- $name := printf "%s:%s" .image.repository .image.version -}}
{{- $pinned := index (.root.Files.Get "images.json" | fromJson) $name | default dict -}}
{{- $digest := .image.digest | default $pinned.digest -}}
{{- if not $digest -}}
{{- fail (printf "\n%s.digest is empty and images.json has no digest of %s\n  expected: sha256: and 64 hexadecimal digits\n  to do:    run `make pin` on a machine with network, or set %s.digest" .key $name .key) -}}
{{- end -}}
{{ .image.repository }}@{{ $digest }}
{{- end }}

{{/* --shutdown-timeout in seconds: above the longest request, so that none is cut. */}}
{{- define "model-server.shutdownTimeout" -}}
{{ add .Values.drain.longestRequestSeconds 15 }}
{{- end }}

{{/* Grace period in seconds: strictly above preStop + --shutdown-timeout, with time left for the proxy to end. */}}
{{- define "model-server.gracePeriod" -}}
{{ add .Values.drain.preStopSeconds (include "model-server.shutdownTimeout" . | int) 15 }}
{{- end }}

{{/* Replicas to ask for. KEDA's number is left as it is found: set back to the minimum, an upgrade would stop busy servers. */}}
{{- define "model-server.replicas" -}}
{{- $live := dict -}}
{{- if .Values.autoscaling.keda.enabled -}}
{{- $live = lookup "apps/v1" "Deployment" .Release.Namespace (include "model-server.name" .) -}}
{{- end -}}
{{ max (int .Values.replicas.min) (dig "spec" "replicas" 0 ($live | default dict) | int) }}
{{- end }}

{{/* Whether there is never more than one replica. */}}
{{- define "model-server.isAlone" -}}
{{ and (le (int .Values.replicas.min) 1) (or (not .Values.autoscaling.keda.enabled) (eq (int .Values.replicas.max) 1)) }}
{{- end }}

{{/* Seconds that a start may take: the fixed part, and loading by size. */}}
{{- define "model-server.startupBudget" -}}
{{ add .Values.probes.startupBaseSeconds (mulf .Values.model.sizeGiB .Values.probes.startupSecondsPerGiB | ceil | int) }}
{{- end }}

{{/* Size of the weights' volume in MiB: a tenth more than the weights, and room for a partly fetched file's list. */}}
{{- define "model-server.weightsMiB" -}}
{{ add 64 (mulf .Values.model.sizeGiB 1.1 1024 | ceil | int) }}
{{- end }}

{{/* Pod Security restricted, and a read-only root file system, which restricted does not ask for. */}}
{{- define "model-server.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 20001
runAsGroup: 20001
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Takes cpu, memoryMiB, diskMiB and gpus; requests equal limits, so that the pod is the last to be evicted. */}}
{{- define "model-server.resources" -}}
requests: {{- include "model-server.amounts" . | nindent 2 }}
limits: {{- include "model-server.amounts" . | nindent 2 }}
{{- end }}

{{- define "model-server.amounts" -}}
cpu: {{ .cpu | quote }}
memory: {{ .memoryMiB }}Mi
ephemeral-storage: {{ .diskMiB }}Mi
{{- if .gpus }}
nvidia.com/gpu: {{ .gpus | quote }}
{{- end }}
{{- end }}

{{/* One rule of a NetworkPolicy: names can be resolved. */}}
{{- define "model-server.egressToDns" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchLabels:
          k8s-app: kube-dns
  ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- end }}
