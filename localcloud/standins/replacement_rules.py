"""Which changes a Kubernetes object cannot take in place, by kind.

Copied as data from `forceNew` in provider/pkg/provider/diff.go of github.com/pulumi/pulumi-kubernetes (Apache-2.0,
read 2026-11-26); a rule is a path, `*` stands for any place in a list, and everything below it counts.
"""

from collections.abc import Mapping

from localcloud.standins.diff import Path

Rules = tuple[tuple[str, ...], ...]

ALWAYS: Rules = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))
CONFIG_MAP: Rules = (("binaryData",), ("data",))
SECRET: Rules = (("type",), ("stringData",), ("data",))

_SELECTOR: Rules = (("spec", "selector"),)
_ROLE: Rules = (("roleRef",),)
_POD_FIELDS = (
    "affinity",
    "automountServiceAccountToken",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostname",
    "imagePullSecrets",
    "nodeName",
    "nodeSelector",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "readinessGates",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "shareProcessNamespace",
    "subdomain",
    "terminationGracePeriodSeconds",
    "volumes",
)
_CONTAINER_FIELDS = (
    "args",
    "command",
    "env",
    "image",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "ports",
    "readinessProbe",
    "resources",
    "securityContext",
    "stdin",
    "stdinOnce",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
)
_VOLUME_SOURCES = (
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
)


def _of_spec(*fields: str) -> Rules:
    return tuple(("spec", field) for field in fields)


_CONTAINERS: Rules = tuple(
    ("spec", group, "*", field) for group in ("containers", "initContainers") for field in _CONTAINER_FIELDS
)

RULES: Mapping[tuple[str, str], Rules] = {
    ("apps/v1", "DaemonSet"): _SELECTOR,
    ("apps/v1", "Deployment"): _SELECTOR,
    ("apps/v1", "StatefulSet"): _of_spec(
        "podManagementPolicy", "revisionHistoryLimit", "selector", "serviceName", "volumeClaimTemplates"
    ),
    ("batch/v1", "Job"): _of_spec("completions", "parallelism", "selector", "template"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): _ROLE,
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): _ROLE,
    ("storage.k8s.io/v1", "StorageClass"): (("parameters",), ("provisioner",)),
    ("v1", "PersistentVolume"): _of_spec(*_VOLUME_SOURCES),
    ("v1", "PersistentVolumeClaim"): (("spec",),),
    ("v1", "Pod"): (*_of_spec(*_POD_FIELDS), *_CONTAINERS),
    ("v1", "ResourceQuota"): _of_spec("scopes"),
    ("v1", "Service"): _of_spec("clusterIP"),
}


def matches(rules: Rules, path: Path) -> bool:
    """True when a change at this path is one of those in the rules, or below one."""
    return any(
        len(path) >= len(rule) and all(want in {"*", got} for want, got in zip(rule, path, strict=False))
        for rule in rules
    )
