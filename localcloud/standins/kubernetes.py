"""The `kubernetes` provider of the local cloud: objects by server-side apply, charts by `helm`.

Stands in for `pulumi-resource-kubernetes`, under that name; run by the executable that install.py writes. Of the
things the official provider waits for, it waits for what later steps need: CRDs to be served, Helm releases, and
deletions. It has no component resources (helm.v4, yaml.v2) and no functions.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from localcloud.standins.calls import Call, Checked, Created, Failure, Live
from localcloud.standins.children import Children
from localcloud.standins.cluster_access import ClusterAccess, Kubeconfig, same_cluster
from localcloud.standins.diff import Change
from localcloud.standins.helm import Helm
from localcloud.standins.helm_releases import RELEASE, HelmReleases
from localcloud.standins.kubernetes_api import KubernetesApi
from localcloud.standins.kubernetes_objects import KubernetesObjects, ObjectOptions
from localcloud.standins.provider import Provider
from localcloud.standins.serving import serve_provider
from localcloud.standins.values import UNKNOWN, Tree, plain

_KNOWN = {
    "clusterIdentifier",
    "context",
    "enableConfigMapMutable",
    "enablePatchForce",
    "enableSecretMutable",
    "enableServerSideApply",
    "kubeconfig",
    "namespace",
    "suppressDeprecationWarnings",
    "suppressHelmHookWarnings",
    "upsertExistingObjects",
    "version",  # the engine's own
}


class KubernetesProvider(Provider):
    """Sends each call to the objects or to the releases."""

    package = "kubernetes"
    version = "4.34.2"  # the SDK's, as locked in pyproject.toml

    def __init__(self) -> None:
        self._children = Children()
        self._objects = KubernetesObjects(None, ObjectOptions())
        self._releases = HelmReleases(Helm(None, self._children), self.log, namespace="default")

    def check_config(self, config: Tree) -> Sequence[Failure]:
        """Refuses options that would be silently ignored."""
        unknown = sorted(config.keys() - _KNOWN)
        failures = [Failure(path=key, reason="localcloud's kubernetes provider does not know it") for key in unknown]
        if "enableServerSideApply" in config and not _is_set(config, "enableServerSideApply"):
            failures.append(Failure(path="enableServerSideApply", reason="localcloud only knows server-side apply"))
        return failures

    def config_replaces(self, old: Tree, new: Tree) -> Sequence[str]:
        """Replaces everything only when it is another cluster."""
        return () if same_cluster(old, new) else ("clusterIdentifier", "context", "kubeconfig")

    def configure(self, config: Tree) -> None:
        """Opens the cluster, unless the kubeconfig is not known yet."""
        shown = plain(config)
        access = _access(shown)
        options = ObjectOptions(
            namespace=shown.get("namespace") or "default",
            upsert=_is_set(shown, "upsertExistingObjects"),
            force=_is_set(shown, "enablePatchForce"),
            secret_mutable=_is_set(shown, "enableSecretMutable"),
            config_map_mutable=_is_set(shown, "enableConfigMapMutable"),
        )
        self._objects = KubernetesObjects(KubernetesApi(access.client) if access else None, options)
        self._releases = HelmReleases(Helm(access, self._children), self.log, namespace=options.namespace)

    def check(self, call: Call) -> Checked:
        """Names and, for a chart, what it renders to."""
        return self._of(call).check(call)

    def forces_replacement(self, call: Call, change: Change) -> bool:
        """By the rules of the kind."""
        if call.type == RELEASE:
            return self._releases.forces_replacement(change)
        return self._objects.forces_replacement(call, change)

    def deletes_first(self, call: Call) -> bool:
        """Releases never: another name or namespace cannot collide."""
        return call.type != RELEASE and self._objects.deletes_first(call)

    def create(self, call: Call) -> Created:
        """A new object or release."""
        return self._of(call).create(call)

    def read(self, call: Call) -> Live | None:
        """As it is now."""
        return self._of(call).read(call)

    def update(self, call: Call) -> Tree:
        """Changed in place."""
        return self._of(call).update(call)

    def delete(self, call: Call) -> None:
        """Gone."""
        self._of(call).delete(call)

    def cancel(self) -> None:
        """Helm undoes what it was doing when it is asked to end."""
        self._children.end()

    def _of(self, call: Call) -> KubernetesObjects | HelmReleases:
        return self._releases if call.type == RELEASE else self._objects


def _is_set(config: Tree, key: str) -> bool:
    """A switch; the SDK sends it as JSON text."""
    return config.get(key) in {True, "true"}


def _access(config: dict[str, Any]) -> ClusterAccess | None:
    """The cluster of the configuration or of $KUBECONFIG; None when it is not known yet. Raises RefusedError."""
    given = config.get("kubeconfig") or os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    if UNKNOWN in {given, config.get("context")}:
        return None
    return ClusterAccess(Kubeconfig.parse(given, context=config.get("context") or ""))


if __name__ == "__main__":
    serve_provider(KubernetesProvider())
