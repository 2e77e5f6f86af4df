"""What a rendered model server must have and must not, beyond what any scanner of Kubernetes knows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from chart_scan.rendered import Json, Resource
from chart_scan.skips import Finding

NAME = "server-rules"
CHART = Path(__file__).resolve().parents[2] / "charts" / "model-server"
BY_DIGEST = re.compile(r"[^@:]+(:[0-9]+/[^@:]+)?@sha256:[0-9a-f]{64}")
VERSION_LABEL = "app.kubernetes.io/version"
# https://docs.vllm.ai/en/latest/usage/security.html, read 2026-11-23; PYTHONOPTIMIZE is CVE-2026-41523
FORBIDDEN_ENVIRONMENT = {
    "PYTHONOPTIMIZE",
    "VLLM_ALLOW_INSECURE_SERIALIZATION",
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING",
    "VLLM_API_KEY",
    "VLLM_KEEP_ALIVE_ON_ENGINE_DEATH",
    "VLLM_SERVER_DEV_MODE",
}
REQUIRED_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "VLLM_MAX_N_SEQUENCES": "64",
    "VLLM_MEDIA_URL_ALLOW_REDIRECTS": "0",
    "VLLM_NO_USAGE_STATS": "1",
}
LEAST_SHARED_MIB = 512  # vLLM 0.32.0 stops at start with less; measured on a CPU, 2026-11-23
FORBIDDEN_FLAGS = {"--api-key", "--disable-log-stats", "--enable-log-requests", "--middleware", "--trust-remote-code"}
REQUIRED_FLAGS = {"--allowed-media-domains": "none.invalid", "--host": "127.0.0.1"}


def scan(resources: Sequence[Resource]) -> list[Finding]:
    """Returns what is wrong with the model servers among the resources.

    Args:
        resources: What was rendered.
    """
    return [
        Finding(scanner=NAME, check=check, kind=resource.kind, where=f"{resource}: {problem}")
        for resource in resources
        if resource.pod
        for check, problem in _problems(resource)
    ]


def _problems(resource: Resource) -> Iterator[tuple[str, str]]:
    (server,) = resource.pod["containers"]
    yield from (("version", said) for said in _old_version(resource.body["metadata"]["labels"]))
    yield from (("image", said) for said in _images_by_tag(resource.pod))
    yield from (("environment", said) for said in _environment(server.get("env", [])))
    yield from (("flags", said) for said in _flags(server["args"]))
    yield from (("drain", said) for said in _short_grace(resource.pod, server))
    yield from (("memory", said) for said in _uncounted_shared_memory(resource.pod, server))


def _old_version(labels: Mapping[str, str]) -> Iterator[str]:
    floor = minimum_version()
    version = labels.get(VERSION_LABEL, "")
    if not re.fullmatch(r"\d+(\.\d+){2}", version) or parts(version) < parts(floor):
        yield f"label {VERSION_LABEL} is {version!r}; expected: {floor} or newer"


def minimum_version() -> str:
    """Returns the oldest vLLM that may be rendered, from the chart's min-versions.yaml."""
    found: dict[str, Any] = yaml.safe_load((CHART / "min-versions.yaml").read_text(encoding="utf-8"))
    return str(found["vllm"]["minimum"])


def parts(version: str) -> tuple[int, ...]:
    """Returns a version's numbers.

    Args:
        version: Such as `0.32.0`.
    """
    return tuple(int(part) for part in version.split("."))


def _images_by_tag(pod: Json) -> Iterator[str]:
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        if not BY_DIGEST.fullmatch(container["image"]):
            yield f"{container['name']} runs {container['image']}; expected: an image by digest alone"


def _environment(entries: Sequence[Json]) -> Iterator[str]:
    given = {entry["name"]: entry.get("value") for entry in entries}
    yield from (f"{name} is set; it must not be" for name in sorted(FORBIDDEN_ENVIRONMENT & given.keys()))
    for name, value in REQUIRED_ENVIRONMENT.items():
        if given.get(name) != value:
            yield f"{name} is {given.get(name)!r}; expected: {value!r}"


def flag_values(arguments: Sequence[str]) -> dict[str, str]:
    """Returns flag -> the word that follows it, or "" for none.

    Args:
        arguments: The arguments of `vllm serve`.
    """
    found: dict[str, str] = {}
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        name, given, value = word.partition("=")
        if name.startswith("--"):
            found[name.replace("_", "-")] = value if given else "" if following.startswith("--") else following
    return found


def _flags(arguments: Sequence[str]) -> Iterator[str]:
    given = flag_values(arguments)
    yield from (f"{name} is given; it must not be" for name in sorted(FORBIDDEN_FLAGS & given.keys()))
    for name, value in REQUIRED_FLAGS.items():
        if given.get(name) != value:
            yield f"{name} is {given.get(name)!r}; expected: {value!r}"


def _short_grace(pod: Json, server: Json) -> Iterator[str]:
    grace = pod["terminationGracePeriodSeconds"]
    pre_stop = server.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    drain = int(flag_values(server["args"]).get("--shutdown-timeout", "0"))
    if not (pre_stop > 0 and drain > 0 and grace > pre_stop + drain):
        yield f"grace is {grace} s, preStop {pre_stop} s, --shutdown-timeout {drain} s; expected: grace above the sum"


def _uncounted_shared_memory(pod: Json, server: Json) -> Iterator[str]:
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounted = {mount["mountPath"]: volumes[mount["name"]] for mount in server["volumeMounts"]}
    shared = mounted.get("/dev/shm", {}).get("emptyDir", {})  # noqa: S108 - the path in the pod
    size, limit = mebibytes(shared.get("sizeLimit", "0Mi")), mebibytes(server["resources"]["limits"]["memory"])
    if shared.get("medium") != "Memory" or not LEAST_SHARED_MIB <= size < limit:
        yield f"shared memory is {size} MiB of a limit of {limit} MiB; expected: at least 512, in memory, within it"


def mebibytes(quantity: str) -> int:
    """Returns a quantity in MiB; the chart writes no other unit.

    Args:
        quantity: Such as `512Mi`.
    """
    return int(quantity.removesuffix("Mi"))
