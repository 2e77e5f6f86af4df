"""What `helm template` wrote, read so that nothing unreadable passes for nothing to check."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from costcheck.errors import InputFileError

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One rendered object.

    Attributes:
        api_version: Such as `apps/v1`.
        kind: Such as `Deployment`.
        name: Its name.
        body: All of it.
    """

    api_version: str
    kind: str
    name: str
    body: Mapping[str, Json]

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def pod(self) -> Json:
        """The pod's spec within it, or None."""
        return self.body.get("spec", {}).get("template", {}).get("spec") if self.kind == "Deployment" else None


def load_rendered(path: Path) -> list[Resource]:
    """Returns every object of a rendered file.

    Args:
        path: The file.

    Raises:
        InputFileError: It is missing, is no YAML, holds nothing, or something that is no Kubernetes object.
    """
    try:
        documents = [found for found in yaml.safe_load_all(path.read_text(encoding="utf-8")) if found is not None]
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        message = f"{path} cannot be read: {error}"
        raise _refused(message) from error
    if not documents:
        message = f"{path} holds no object"
        raise _refused(message)
    return [_resource(found, path) for found in documents]


def _resource(found: Json, path: Path) -> Resource:
    try:
        return Resource(
            api_version=found["apiVersion"], kind=found["kind"], name=found["metadata"]["name"], body=found
        )
    except (KeyError, TypeError) as error:
        message = f"{path} holds something without apiVersion, kind or name: {found!r:.200}"
        raise _refused(message) from error


def _refused(seen: str) -> InputFileError:
    return InputFileError(seen, expected="what helm template wrote", action="render the chart again and scan that")
