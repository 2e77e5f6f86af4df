"""A pod's volumes as folders and files: emptyDirs are shared, content is copied for each container that mounts it.

Copies, because a config map's text is rewritten to the view of the container that reads it. Contents stay as they
were at the start; a service account's token is left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.pods.environment import field
from localcloud.pods.errors import MissingSourceError, UnsupportedError
from localcloud.pods.mapping import LocalView
from localcloud.pods.sources import Sources

Json = Any
_DEFAULT_MODE = 0o644
_WITH_CONTENT = ("configMap", "secret", "downwardAPI", "projected")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to write before the container starts."""

    path: Path
    content: bytes
    mode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    name: str
    content: bytes
    mode: int
    is_config: bool


def folders(pod: Json, container_name: str, root: Path) -> dict[str, Path]:
    """Return the folder of each volume for one container.

    Raises:
        UnsupportedError: A kind of volume that the runner does not know.
    """
    return {volume["name"]: _folder(volume, container_name, root) for volume in pod["spec"].get("volumes", [])}


def _folder(volume: Json, container_name: str, root: Path) -> Path:
    if "emptyDir" in volume:
        return root / "v" / str(volume["name"])
    if any(kind in volume for kind in _WITH_CONTENT):
        return root / "c" / container_name / str(volume["name"])
    raise UnsupportedError(what=f"volume {volume['name']} of kind {', '.join(set(volume) - {'name'})}")


def mounted_paths(container: Json, folders_: Mapping[str, Path]) -> dict[str, str]:
    """Return each mount path of the container with its path on this machine."""
    return {
        mount["mountPath"].rstrip("/"): str(folders_[mount["name"]] / mount.get("subPath", ""))
        for mount in container.get("volumeMounts", [])
    }


def files(
    pod: Json, container: Json, folders_: Mapping[str, Path], sources: Sources, view: LocalView
) -> Iterator[File]:
    """Yield the files of every volume with content that the container mounts, config maps as the view sees them.

    Raises:
        MissingSourceError: A secret, config map or key is missing and not optional.
    """
    mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
    for volume in pod["spec"].get("volumes", []):
        if volume["name"] in mounted and "emptyDir" not in volume:
            for entry in _entries(volume, pod, sources):
                content = _mapped(entry.content, view) if entry.is_config else entry.content
                yield File(path=folders_[volume["name"]] / entry.name, content=content, mode=entry.mode)


def _mapped(content: bytes, view: LocalView) -> bytes:
    try:
        return view.config(content.decode()).encode()
    except UnicodeDecodeError:
        return content


def _entries(volume: Json, pod: Json, sources: Sources) -> Iterator[_Entry]:
    if "projected" in volume:
        mode = volume["projected"].get("defaultMode", _DEFAULT_MODE)
        for source in volume["projected"].get("sources", []):
            if "serviceAccountToken" not in source:
                yield from _content(source, pod, sources, mode)
        return
    kind = next(kind for kind in _WITH_CONTENT if kind in volume)
    yield from _content(volume, pod, sources, volume[kind].get("defaultMode", _DEFAULT_MODE))


def _content(source: Json, pod: Json, sources: Sources, mode: int) -> Iterator[_Entry]:
    if "downwardAPI" in source:
        for item in source["downwardAPI"].get("items", []):
            content = field(pod, item["fieldRef"]["fieldPath"]).encode()
            yield _Entry(name=item["path"], content=content, mode=item.get("mode", mode), is_config=False)
        return
    kind = "configMap" if "configMap" in source else "secret"
    wanted = source[kind]
    name = wanted.get("secretName") or wanted["name"]
    found = sources.content(kind, name, optional=wanted.get("optional", False))
    for item in wanted.get("items") or [{"key": key, "path": key} for key in found]:
        if item["key"] in found:
            is_config = kind == "configMap"
            yield _Entry(
                name=item["path"], content=found[item["key"]], mode=item.get("mode", mode), is_config=is_config
            )
        elif not wanted.get("optional", False):
            raise MissingSourceError(kind, name, key=item["key"])


def prepare(pod: Json, root: Path, files_: tuple[File, ...]) -> None:
    """Make the pod's folders and files: emptyDirs that any user may write to, as a kubelet makes them."""
    for volume in pod["spec"].get("volumes", []):
        if "emptyDir" in volume:
            folder = root / "v" / volume["name"]
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o1777)
    for file in files_:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_bytes(file.content)
        file.path.chmod(file.mode)
