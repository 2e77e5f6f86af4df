"""Charts as `helm template` renders them: on this machine, with nothing but the chart and its values."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import yaml

Manifest = Mapping[str, Any]
TIMEOUT_SECONDS = 60
MOST_BYTES = 32 * 1024 * 1024
"""Kubernetes takes no release beyond 1 MiB, compressed; what is larger than this is no chart."""
MANY_REPLICAS = b'dict "spec" (dict "replicas" 999999999) "apps/v1"'
"""Stands in for `lookup "apps/v1"`, whose other arguments make another pair of the dictionary."""
_JSON = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What `helm template` needs to know.

    Attributes:
        name: Of the release.
        namespace: That it goes to, empty for the default one.
        chart: Path from the program's folder, name in `repository`, or URL.
        version: Of a chart that is fetched, empty for the newest.
        repository: URL of the repository that the chart is fetched from, empty where it needs none.
        values: Given to the chart.
        kubernetes_version: Of the cluster, empty for Helm's own assumption.
        api_versions: Custom APIs that the cluster serves (`karpenter.sh/v1`).
        is_upgrade: Another release of this name stands.
        busy: Workloads that the chart finds in the cluster run as many replicas as there can be.
        validated: Hold the values against the chart's schema; stand-ins for unknown values would fail it.
    """

    name: str
    namespace: str
    chart: str
    version: str = ""
    repository: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    kubernetes_version: str = ""
    api_versions: tuple[str, ...] = ()
    is_upgrade: bool = False
    busy: bool = False
    validated: bool = True

    @property
    def is_local(self) -> bool:
        """Return whether the chart is a path on this machine."""
        return not self.repository and "://" not in self.chart


def render(release: Release, root: Path) -> tuple[Manifest, ...] | str:
    """Return every object that a release makes, or the reason why nobody can tell.

    Args:
        release: The release.
        root: Folder of the Pulumi program, which local charts are relative to.
    """
    if release.is_local and not (root / release.chart).exists():
        return f"there is no chart at {release.chart} from the folder of the program"
    with tempfile.TemporaryDirectory(prefix="costcheck-helm-") as folder:
        (Path(folder) / "values.json").write_bytes(_JSON.encode(release.values))
        chart = str(root.resolve() / release.chart) if release.is_local else release.chart
        if release.busy:
            chart = _busy(chart, Path(folder) / "busy")
        done = _run(_arguments(release, chart, Path(folder)), Path(folder))
    return done if isinstance(done, str) else parse_manifests(done)


def fetch(release: Release, folder: Path) -> Release | str:
    """Return a release of a chart on this machine, which is fetched into a folder where it is not; or why not."""
    if release.is_local:
        return release
    options = _given({"--repo": release.repository, "--version": release.version})
    done = _run(["pull", *options, f"--destination={folder}", "--", release.chart], folder)
    if isinstance(done, str):
        return done
    (archive,) = folder.glob("*.tgz")
    return replace(release, chart=str(archive), repository="", version="")


def _busy(chart: str, folder: Path) -> str:
    """Return a copy of a chart that finds many replicas where it looks for a workload."""
    shutil.copytree(chart, folder)
    for path in folder.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b'lookup "apps/v1"', MANY_REPLICAS))
    return str(folder)


def parse_manifests(content: bytes) -> tuple[Manifest, ...] | str:
    """Return the objects in what Helm printed, those of lists one by one, or the reason why they are none."""
    try:
        documents = list(yaml.load_all(content, Loader=_Loader))
        return tuple(manifest for document in documents if document is not None for manifest in _objects(document))
    except (yaml.YAMLError, UnicodeError, ValueError, RecursionError) as exc:
        return f"what helm rendered is no list of objects: {' '.join(str(exc).split())[:200]}"


def _run(arguments: list[str], folder: Path) -> bytes | str:
    program = shutil.which("helm")
    if program is None:
        return "helm is not on PATH, so its chart cannot be rendered"
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and what the plan says stands behind `=` or `--`
            [program, *arguments],
            capture_output=True,
            check=False,
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
        )
    except (OSError, ValueError) as exc:
        return f"helm cannot be run: {exc}"
    except subprocess.TimeoutExpired:
        return f"helm did not render its chart within {TIMEOUT_SECONDS} seconds"
    if done.returncode:
        doing = "fetch" if arguments[0] == "pull" else "render"
        return f"helm cannot {doing} its chart: {_said(done.stderr)}"
    return done.stdout if len(done.stdout) <= MOST_BYTES else f"its chart renders to {len(done.stdout)} bytes"


def _arguments(release: Release, chart: str, folder: Path) -> list[str]:
    options = {
        "--namespace": release.namespace,
        "--repo": release.repository,
        "--version": "" if release.is_local else release.version,
        "--kube-version": release.kubernetes_version,
        "--api-versions": ",".join(release.api_versions),
        "--values": str(folder / "values.json"),
    }
    flags = {"--is-upgrade": release.is_upgrade, "--skip-schema-validation": not release.validated}
    given = [*_given(options), "--include-crds", *(flag for flag, is_set in flags.items() if is_set)]
    return ["template", *given, "--", release.name, chart]


def _given(options: Mapping[str, str]) -> list[str]:
    return [f"{option}={value}" for option, value in options.items() if value]


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment with no plugin, no repository, no credential and no cluster in it."""
    homes = {name: str(folder / name.lower()) for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")}
    return {**homes, "HOME": str(folder), "KUBECONFIG": str(folder / "no-cluster"), "PATH": ""}


def _said(stderr: bytes) -> str:
    return " ".join(stderr.decode(errors="replace").split())[:300] or "it does not say why"


def _objects(document: Any) -> Iterator[Manifest]:  # noqa: ANN401 - any YAML
    if not isinstance(document, dict) or not all(
        isinstance(document.get(key), str) for key in ("apiVersion", "kind")
    ):
        message = f"{str(document)[:60]!r} has no apiVersion and kind"
        raise ValueError(message)
    if document["kind"].endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _objects(item)
    else:
        yield document


class _Loader(yaml.CSafeLoader):
    """A safe loader that keeps what JSON has no word for as text, and numbers exact."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own shape
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def _exact(loader: Any, node: Any) -> Decimal:  # noqa: ANN401 - PyYAML has no one type for its loaders
    return Decimal(str(loader.construct_yaml_float(node)))


_Loader.add_constructor("tag:yaml.org,2002:float", _exact)
