{{/* What values.schema.json cannot say: what is required, and what belongs together. One message: seen, expected, to do. */}}

{{- define "model-server.refuse" -}}
{{- fail (printf "\n%s\n  expected: %s\n  to do:    %s" .seen .expected .action) -}}
{{- end }}

{{- define "model-server.validate" -}}
{{- $v := .Values -}}
{{- range $key, $value := dict "model.name" $v.model.name "model.revision" $v.model.revision "model.checksums" $v.model.checksums "apiKeySecret.name" $v.apiKeySecret.name -}}
{{- if not $value -}}
{{- include "model-server.refuse" (dict "seen" (printf "%s is empty" $key) "expected" "a value; values.yaml says what it is" "action" (printf "set %s" $key)) -}}
{{- end -}}
{{- end -}}
{{- if not $v.model.sizeGiB -}}
{{- include "model-server.refuse" (dict "seen" "model.sizeGiB is 0" "expected" "the size of the weights in GiB" "action" "set model.sizeGiB") -}}
{{- end -}}
{{- if eq (empty $v.model.source.s3Uri) (empty $v.model.source.existingClaim) -}}
{{- include "model-server.refuse" (dict "seen" (printf "model.source.s3Uri is %q and model.source.existingClaim is %q" $v.model.source.s3Uri $v.model.source.existingClaim) "expected" "exactly one of the two" "action" "set one and leave the other empty") -}}
{{- end -}}
{{- if and $v.model.source.s3Uri (not (hasSuffix (printf "/%s" $v.model.revision) $v.model.source.s3Uri)) -}}
{{- include "model-server.refuse" (dict "seen" (printf "model.source.s3Uri is %s" $v.model.source.s3Uri) "expected" (printf "an address that ends with /%s, the pinned revision" $v.model.revision) "action" "upload each revision under its own prefix, and point to it") -}}
{{- end -}}
{{- if ne (int $v.server.tensorParallel) (max 1 (int $v.gpu.count)) -}}
{{- include "model-server.refuse" (dict "seen" (printf "server.tensorParallel is %v and gpu.count is %v" $v.server.tensorParallel $v.gpu.count) "expected" "the same number, or gpu.count 0 and server.tensorParallel 1 for the CPU" "action" "give the replica as many GPUs as the model is split over") -}}
{{- end -}}
{{- $floor := (.Files.Get "min-versions.yaml" | fromYaml).vllm -}}
{{- if not (semverCompare (printf ">=%s-0" $floor.minimum) $v.image.version) -}}
{{- include "model-server.refuse" (dict "seen" (printf "image.version is %s" $v.image.version) "expected" (printf "%s or newer: %s" $floor.minimum $floor.reason) "action" "take a newer version, and run `make pin`") -}}
{{- end -}}
{{- include "model-server.validateReplicas" . -}}
{{- include "model-server.validateExtraArgs" . -}}
{{- end }}

{{- define "model-server.validateReplicas" -}}
{{- $keda := .Values.autoscaling.keda -}}
{{- $min := int .Values.replicas.min -}}
{{- $max := int .Values.replicas.max -}}
{{- if and $keda.enabled (not $keda.prometheusUrl) -}}
{{- include "model-server.refuse" (dict "seen" "autoscaling.keda.prometheusUrl is empty" "expected" "the URL of Prometheus" "action" "set it, or set autoscaling.keda.enabled to false") -}}
{{- end -}}
{{- if and $keda.enabled (or (lt $min 1) (lt $max $min)) -}}
{{- include "model-server.refuse" (dict "seen" (printf "replicas.min is %d and replicas.max is %d with KEDA" $min $max) "expected" "at least 1, as a server that does not run has no metrics to wake it, and max not below min" "action" "raise them, or set autoscaling.keda.enabled to false") -}}
{{- end -}}
{{- end }}

{{/* vLLM takes `_` for `-` and any unambiguous beginning of a flag, so `--trust_remote` is --trust-remote-code as well. */}}
{{- define "model-server.validateExtraArgs" -}}
{{- $owned := .Files.Get "files/owned-flags.txt" | splitList "\n" -}}
{{- range $argument := .Values.server.extraArgs -}}
{{- if hasPrefix "-" $argument -}}
{{- $flag := $argument | splitList "=" | first | replace "_" "-" | lower -}}
{{- range $line := $owned -}}
{{- $name := $line | splitList " " | first -}}
{{- if and (hasPrefix "--" $name) (or (hasPrefix $flag $name) (hasPrefix (printf "%s." $name) $flag)) -}}
{{- include "model-server.refuse" (dict "seen" (printf "server.extraArgs has %s" $argument) "expected" (printf "no flag that the chart owns or forbids: %s" $line) "action" "leave it out; values.yaml has a value for what may be chosen") -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}
