"""The `helm` command as the stand-in runs it: a release in, its state out, errors in Helm's own words."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.standins.calls import RefusedError
from localcloud.standins.children import Children
from localcloud.standins.cluster_access import ClusterAccess
from localcloud.standins.values import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseState:
    """A release as Helm stores it."""

    name: str
    namespace: str
    revision: int
    status: str
    chart: str
    version: str
    app_version: str
    values: Tree

    @classmethod
    def parse(cls, text: str) -> "ReleaseState":
        """From `helm ... --output json`, whose fields are those of `release.Release` in helm.sh/helm/v3."""
        told: dict[str, Any] = json.loads(text)
        metadata = (told.get("chart") or {}).get("metadata") or {}
        return cls(
            name=told["name"],
            namespace=told["namespace"],
            revision=told["version"],
            status=told["info"]["status"],
            chart=metadata.get("name", ""),
            version=metadata.get("version", ""),
            app_version=metadata.get("appVersion", ""),
            values=told.get("config") or {},
        )

    @property
    def is_interrupted(self) -> bool:
        """True when Helm was ended in the middle; it refuses every change until that is cleared."""
        return self.status in {"pending-install", "pending-upgrade", "pending-rollback", "uninstalling"}


class Helm:
    """Runs `helm`; children of it end with this process."""

    def __init__(self, access: ClusterAccess | None, children: Children) -> None:
        self._access = access
        self._children = children

    def template(self, name: str, flags: Sequence[str], values: str) -> str:
        """What the chart renders to; needs no cluster. Raises RefusedError."""
        return self._run(["template", name, *flags, "--values", "-"], values, connected=False)

    def upgrade(self, name: str, flags: Sequence[str], values: str) -> ReleaseState:
        """The release after an install or an upgrade. Raises RefusedError."""
        command = ["upgrade", name, "--install", *flags, "--values", "-", "--output", "json"]
        return ReleaseState.parse(self._run(command, values))

    def state(self, name: str, namespace: str) -> ReleaseState | None:
        """The last revision, whatever its status; None when there is no such release."""
        try:
            return ReleaseState.parse(self._run(["status", name, "--namespace", namespace, "--output", "json"]))
        except RefusedError as error:
            if "release: not found" in str(error):
                return None
            raise

    def rollback(self, name: str, namespace: str) -> None:
        """Back to the revision before, as `helm rollback` without a number does."""
        self._run(["rollback", name, "--namespace", namespace])

    def uninstall(self, name: str, namespace: str, flags: Sequence[str]) -> None:
        """No such release any more; none before is no error."""
        self._run(["uninstall", name, "--namespace", namespace, "--ignore-not-found", *flags])

    def _run(self, command: Sequence[str], text_in: str = "", *, connected: bool = True) -> str:
        if not connected:
            return self._finished([_binary(), *command], text_in, ())
        if self._access is None:
            message = "the provider's kubeconfig is not known, so there is no cluster to work on"
            raise RefusedError(message)
        with self._access.helm_kubeconfig() as (file, descriptor):
            return self._finished([_binary(), *command, "--kubeconfig", file], text_in, (descriptor,))

    def _finished(self, command: Sequence[str], text_in: str, descriptors: Sequence[int]) -> str:
        done = self._children.run(command, environment=os.environ, text_in=text_in, descriptors=descriptors)
        if done.returncode:
            words = done.stderr.strip() or f"helm {command[1]} ended with status {done.returncode}"
            raise RefusedError(words.removeprefix("Error: "))
        return done.stdout


def _binary() -> str:
    """Helm's place: $HELM, or the PATH."""
    found = os.environ.get("HELM") or shutil.which("helm")
    if not found:
        message = 'helm is not on the PATH: `python -m localcloud build`, then `eval "$(python -m localcloud env)"`'
        raise RefusedError(message)
    return found
