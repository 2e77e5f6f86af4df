"""A container's environment and the $(NAME) references of its command, as the kubelet resolves them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.pods.errors import MissingSourceError, UnsupportedError
from localcloud.pods.sources import Sources

Json = Any
_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")
_BY_KEY = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")


def expand(text: str, values: Mapping[str, str]) -> str:
    """Return the text with $(NAME) replaced where NAME is known, and $$ as $; an unknown name stays."""

    def replacement(found: re.Match[str]) -> str:
        return "$" if found[1] is None else values.get(found[1], found[0])

    return _REFERENCE.sub(replacement, text)


def resolve(container: Json, pod: Json, sources: Sources) -> dict[str, str]:
    """Return the environment in the order of definition; a later name may refer to an earlier one.

    Raises:
        MissingSourceError: A secret, config map or key is missing and not optional.
        UnsupportedError: A kind of reference that the runner does not know.
    """
    resolved = dict(_from_whole_sources(container, sources))
    for entry in container.get("env", []):
        value = _value(entry, pod, sources)
        if value is not None:
            resolved[entry["name"]] = expand(value, resolved) if "valueFrom" not in entry else value
    return resolved


def _from_whole_sources(container: Json, sources: Sources) -> Iterator[tuple[str, str]]:
    for source in container.get("envFrom", []):
        kind = "configMapRef" if "configMapRef" in source else "secretRef"
        content = sources.content(
            kind.removesuffix("Ref"), source[kind]["name"], optional=source[kind].get("optional", False)
        )
        for key, value in content.items():
            yield source.get("prefix", "") + key, value.decode()


def _value(entry: Json, pod: Json, sources: Sources) -> str | None:
    """Return the value, or None where an optional key is missing."""
    if "valueFrom" not in entry:
        return str(entry.get("value", ""))
    source = entry["valueFrom"]
    if "fieldRef" in source:
        return field(pod, source["fieldRef"]["fieldPath"])
    for kind in ("configMap", "secret"):
        if f"{kind}KeyRef" in source:
            return _key(kind, source[f"{kind}KeyRef"], sources)
    raise UnsupportedError(what=f"environment variable {entry['name']} from {', '.join(source)}")


def _key(kind: str, reference: Json, sources: Sources) -> str | None:
    optional = reference.get("optional", False)
    content = sources.content(kind, reference["name"], optional=optional)
    if reference["key"] in content:
        return content[reference["key"]].decode()
    if optional:
        return None
    raise MissingSourceError(kind, reference["name"], key=reference["key"])


def field(pod: Json, path: str) -> str:
    """Return the pod's own field as text.

    Raises:
        UnsupportedError: A field that the runner does not know.
    """
    metadata, spec, status = pod["metadata"], pod.get("spec", {}), pod.get("status", {})
    if keyed := _BY_KEY.fullmatch(path):
        return str(metadata.get(keyed[1], {}).get(keyed[2], ""))
    known = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata.get("uid", ""),
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", ""),
        "status.podIP": status.get("podIP", ""),
        "status.podIPs": status.get("podIP", ""),
        "status.hostIP": status.get("hostIP", ""),
    }
    if path not in known:
        raise UnsupportedError(what=f"fieldRef {path}")
    return str(known[path])
