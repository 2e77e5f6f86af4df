"""How the Kubernetes stand-in reaches its cluster, from a kubeconfig given as text or as a file.

Keys and tokens are kept in memory (Linux `memfd`), never in a file on disk: nothing is left behind when the
process is killed.
"""

import base64
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kubernetes import config as kubernetes_config
from kubernetes.client import ApiClient, Configuration

from localcloud.standins.calls import RefusedError
from localcloud.standins.values import Tree

_EMBEDDED = {
    "certificate-authority-data": "certificate-authority",
    "client-certificate-data": "client-certificate",
    "client-key-data": "client-key",
}
_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubeconfig:
    """A parsed kubeconfig whose file names are all absolute, and the context chosen in it."""

    content: Tree
    context: str

    @classmethod
    def parse(cls, text_or_path: str, *, context: str = "") -> "Kubeconfig":
        """The kubeconfig in YAML or JSON text, or in the file of that name. Raises RefusedError."""
        is_text = "\n" in text_or_path or text_or_path.lstrip().startswith("{")
        try:
            content = yaml.safe_load(text_or_path if is_text else Path(text_or_path).read_text(encoding="utf-8"))
            folder = Path() if is_text else Path(text_or_path).resolve().parent
            chosen = context or content["current-context"]
            return cls(content=_absolute(content, folder), context=chosen)
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            shown = "the kubeconfig given as text" if is_text else f"the kubeconfig {text_or_path}"
            message = f"{shown} cannot be used: {type(error).__name__} {error if not is_text else ''}"
            raise RefusedError(message.rstrip()) from error

    def active_cluster(self) -> Tree:
        """The entry of the cluster that the context points to."""
        named = _named(self.content, "contexts", self.context)["context"]["cluster"]
        cluster: Tree = _named(self.content, "clusters", named)["cluster"]
        return cluster

    def user_name(self) -> str:
        """The name of the user that the context points to."""
        user: str = _named(self.content, "contexts", self.context)["context"]["user"]
        return user


def _named(content: Tree, section: str, name: str) -> Tree:
    for entry in content.get(section) or ():
        if entry.get("name") == name:
            found: Tree = entry
            return found
    message = f"the kubeconfig has no {name!r} under {section}"
    raise RefusedError(message)


def _absolute(content: Tree, folder: Path) -> Tree:
    """The kubeconfig with every relative file name made absolute, as it is going to be read from elsewhere."""
    result = deepcopy(content)
    entries = [entry.get("cluster") for entry in result.get("clusters") or ()]
    entries += [entry.get("user") for entry in result.get("users") or ()]
    for entry in filter(None, entries):
        for key in _FILES:
            if entry.get(key):
                entry[key] = str(folder / entry[key])
        command = (entry.get("exec") or {}).get("command", "")
        if "/" in command:
            entry["exec"]["command"] = str(folder / command)
    return result


class ClusterAccess:
    """An open way into one cluster: a client for Python, and a kubeconfig file for `helm`."""

    def __init__(self, kubeconfig: Kubeconfig) -> None:
        self._kubeconfig = kubeconfig
        content = _in_memory(kubeconfig.content)
        configuration = Configuration()
        try:
            kubernetes_config.load_kube_config_from_dict(content, kubeconfig.context, configuration)
        except kubernetes_config.ConfigException as error:
            message = f"the kubeconfig cannot be used: {error}"
            raise RefusedError(message) from error
        self.client: Any = ApiClient(configuration)  # the stubs know an older one, with other methods
        if self._has_exec() and not self._token():
            command = self._user()["exec"].get("command")
            message = f"the kubeconfig's exec plugin {command!r} gave no token (its own words are above)"
            raise RefusedError(message)

    def _user(self) -> Tree:
        user: Tree = _named(self._kubeconfig.content, "users", self._kubeconfig.user_name()).get("user") or {}
        return user

    def _has_exec(self) -> bool:
        return "exec" in self._user()

    def _token(self) -> str:
        """The bearer token, fetched anew when it is about to expire; empty when none is used."""
        header = self.client.configuration.get_api_key_with_prefix("BearerToken") or ""
        return str(header).removeprefix("Bearer ")

    @contextmanager
    def helm_kubeconfig(self) -> Iterator[tuple[str, int]]:
        """The name of a kubeconfig that a child can read while it holds the descriptor that comes with it.

        An exec plugin is replaced by the token that it gave, so that it runs once and not for every `helm` command.
        """
        content = self._kubeconfig.content | {"current-context": self._kubeconfig.context}
        if self._has_exec():
            content["users"] = [{"name": self._kubeconfig.user_name(), "user": {"token": self._token()}}]
        descriptor = _memory_file("kubeconfig", json.dumps(content).encode())
        try:
            yield f"/proc/self/fd/{descriptor}", descriptor
        finally:
            os.close(descriptor)


def _in_memory(content: Tree) -> Tree:
    """The kubeconfig with embedded certificates and keys moved to memory files; they live as long as the process."""
    result = deepcopy(content)
    for section, key in (("clusters", "cluster"), ("users", "user")):
        for entry in result.get(section) or ():
            _move_embedded(entry.get(key) or {})
    return result


def _move_embedded(entry: dict[str, Any]) -> None:
    for embedded, file in _EMBEDDED.items():
        if entry.get(embedded):
            descriptor = _memory_file(file, base64.b64decode(entry.pop(embedded)))
            entry[file] = f"/proc/self/fd/{descriptor}"


def _memory_file(name: str, content: bytes) -> int:
    """A descriptor of a file, for its owner only, that exists in memory alone."""
    descriptor = os.memfd_create(name)
    os.fchmod(descriptor, 0o600)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content)
    return descriptor


def same_cluster(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """True when two provider configurations point to the same cluster, as far as that can be told.

    The official provider's rule (`DiffConfig` in provider/pkg/provider/provider.go of
    github.com/pulumi/pulumi-kubernetes, read 2026-11-26): with ``clusterIdentifier`` on both sides that alone
    decides; otherwise the entry of the active cluster in the kubeconfig does (server, CA ...), and a kubeconfig that
    is not known yet counts as another cluster. So a stack whose endpoint may move should give the identifier.
    """
    if old.get("clusterIdentifier") and new.get("clusterIdentifier"):
        return bool(old["clusterIdentifier"] == new["clusterIdentifier"])
    return _active_cluster(old) == _active_cluster(new)


def _active_cluster(config: Mapping[str, Any]) -> object:
    text = config.get("kubeconfig") or ""
    try:
        return Kubeconfig.parse(text, context=config.get("context") or "").active_cluster()
    except RefusedError:
        return text
