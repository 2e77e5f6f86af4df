"""The secrets, config maps and services that a pod refers to."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.pods.errors import MissingSourceError
from localcloud.pods.mapping import SERVICE

Json = Any
Kind = str  # "configMap" or "secret"
Content = Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What was found of them; what is absent does not exist in the cluster.

    Attributes:
        contents: Kind and name -> keys and values.
        services: NAME.NAMESPACE.svc:PORT -> address and port of a ready pod on this machine.
    """

    contents: Mapping[tuple[Kind, str], Content]
    services: Mapping[str, str] = field(default_factory=dict)

    def content(self, kind: Kind, name: str, *, optional: bool) -> Content:
        """Return the keys and values, none for an optional source that is missing.

        Raises:
            MissingSourceError: It is missing and not optional.
        """
        found = self.contents.get((kind, name))
        if found is None and not optional:
            raise MissingSourceError(kind, name)
        return found or {}


def decoded(item: Json) -> Content:
    """Return what a Secret or ConfigMap object holds."""
    if item["kind"] == "Secret":
        return {key: base64.b64decode(value) for key, value in item.get("data", {}).items()}
    binary = {key: base64.b64decode(value) for key, value in item.get("binaryData", {}).items()}
    return binary | {key: value.encode() for key, value in item.get("data", {}).items()}


def names(pod: Json) -> set[tuple[Kind, str]]:
    """Return kind and name of every secret and config map that the pod refers to."""
    spec = pod["spec"]
    containers = [*spec.get("initContainers", []), *spec["containers"]]
    in_environment = (found for container in containers for found in _in_environment(container))
    return {*in_environment, *(found for volume in spec.get("volumes", []) for found in _in_volume(volume))}


def service_names(pod: Json) -> list[re.Match[str]]:
    """Return every NAME.NAMESPACE.svc:PORT that the pod's containers name, in its parts."""
    return list(SERVICE.finditer(json.dumps([pod["spec"].get("initContainers", []), pod["spec"]["containers"]])))


def _in_environment(container: Json) -> Iterator[tuple[Kind, str]]:
    references = [entry["valueFrom"] for entry in container.get("env", []) if "valueFrom" in entry]
    for kind in ("configMap", "secret"):
        yield from (
            (kind, reference[f"{kind}KeyRef"]["name"]) for reference in references if f"{kind}KeyRef" in reference
        )
        yield from (
            (kind, whole[f"{kind}Ref"]["name"]) for whole in container.get("envFrom", []) if f"{kind}Ref" in whole
        )


def _in_volume(volume: Json) -> Iterator[tuple[Kind, str]]:
    for source in (volume, *volume.get("projected", {}).get("sources", [])):
        if "configMap" in source:
            yield "configMap", source["configMap"]["name"]
        if "secret" in source:
            yield "secret", source["secret"].get("secretName") or source["secret"]["name"]
