"""``kubernetes:helm.sh/v3:Release`` as a Pulumi resource.

Follows provider/pkg/provider/helm_release.go of github.com/pulumi/pulumi-kubernetes (read 2026-11-26): names and
defaults in Check, the chart rendered there too, a checksum of the result as an input so that an edited chart shows
as a change, replacement only for another name or namespace. One difference, said in a warning when it happens: a
release that an interrupted `up` left behind is taken over, where the official provider refuses the name.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import yaml

from localcloud.standins.calls import Call, Checked, Created, Failure, Live, RefusedError, UnfinishedError
from localcloud.standins.diff import Change
from localcloud.standins.engine_log import EngineLog
from localcloud.standins.helm import Helm, ReleaseState
from localcloud.standins.values import UNKNOWN, Tree, has_unknown, is_secret, keep_marks, plain, walk

RELEASE = "kubernetes:helm.sh/v3:Release"
_TIMEOUT_S = 300  # the official default, `defaultTimeoutSeconds`
_COMPUTED = ("checksum", "resourceNames")
_SHORTEST_HIDDEN = 4  # a secret shorter than this would hide ordinary words

# Inputs that are Helm flags: for every rendering, and for an install or upgrade.
_RENDER_SWITCHES = {"dependencyUpdate": "--dependency-update", "devel": "--devel", "skipCrds": "--skip-crds"}
_APPLY_SWITCHES = {
    "atomic": "--atomic",
    "cleanupOnFail": "--cleanup-on-fail",
    "createNamespace": "--create-namespace",
    "disableOpenapiValidation": "--disable-openapi-validation",
    "disableWebhooks": "--no-hooks",
    "forceUpdate": "--force",
    "resetValues": "--reset-values",
    "reuseValues": "--reuse-values",
    "takeOwnership": "--take-ownership",
    "waitForJobs": "--wait-for-jobs",
}
_APPLY_OPTIONS = {"description": "--description", "maxHistory": "--history-max"}
_KNOWN = {
    *_RENDER_SWITCHES,
    *_APPLY_SWITCHES,
    *_APPLY_OPTIONS,
    *_COMPUTED,
    "allowNullValues",
    "chart",
    "compat",  # the SDK always sends it
    "name",
    "namespace",
    "repositoryOpts",
    "skipAwait",
    "timeout",
    "values",
    "version",
}


class HelmReleases:
    """The operations."""

    def __init__(self, helm: Helm, log: EngineLog, *, namespace: str) -> None:
        self._helm = helm
        self._log = log
        self._namespace = namespace

    def check(self, call: Call) -> Checked:
        """The inputs with name, namespace and timeout and, when all is known, the checksum of what they render to."""
        inputs = {key: value for key, value in call.inputs.items() if key not in {"compat", *_COMPUTED}}
        inputs["name"] = inputs.get("name") or plain(call.old_inputs).get("name") or _random_name(call)
        inputs["namespace"] = inputs.get("namespace") or self._namespace
        if not inputs.get("skipAwait"):
            inputs.setdefault("timeout", _TIMEOUT_S)
        failures = list(_unknown_inputs(inputs))
        if failures or has_unknown(inputs):
            return Checked(inputs=inputs, failures=failures)
        try:
            return Checked(inputs=inputs | self._rendered(inputs))
        except RefusedError as error:
            return Checked(inputs=inputs, failures=[Failure(path="chart", reason=_hidden(str(error), inputs))])

    def _rendered(self, inputs: Tree) -> Tree:
        shown = plain(inputs)
        manifest = self._helm.template(shown["name"], _render_flags(shown), _values(shown))
        return {"checksum": hashlib.sha256(manifest.encode()).hexdigest(), "resourceNames": _names(manifest, shown)}

    def forces_replacement(self, change: Change) -> bool:
        """True for another name or namespace."""
        return change.path[0] in {"name", "namespace"}

    def create(self, call: Call) -> Created:
        """The release. One that failed but exists is kept with its error; the next `up` upgrades it."""
        shown = plain(call.inputs)
        if call.preview:
            return Created(resource_id="", outputs={**call.inputs, "status": UNKNOWN})
        release_id = f"{shown['namespace']}/{shown['name']}"
        self._clear(call, found="exists already and is taken over; the official provider refuses a name in use")
        return Created(resource_id=release_id, outputs=self._upgraded(call, release_id))

    def update(self, call: Call) -> Tree:
        """The release with its new inputs."""
        if call.preview:
            return {**call.inputs, "status": UNKNOWN}
        self._clear(call, found="")
        return self._upgraded(call, call.resource_id)

    def read(self, call: Call) -> Live | None:
        """The release as Helm has it; values that were changed behind Pulumi's back show in the inputs."""
        namespace, name = call.resource_id.split("/")
        state = self._helm.state(name, namespace)
        if state is None:
            return None
        inputs = dict(call.inputs)
        if _without_nulls(plain(inputs.get("values") or {})) != state.values:
            inputs["values"] = keep_marks(state.values, inputs.get("values"))
        return Live(inputs=inputs, outputs=_outputs(inputs, state))

    def delete(self, call: Call) -> None:
        """Gone; waits for its objects unless `skipAwait` was given."""
        namespace, name = call.resource_id.split("/")
        shown = plain(call.outputs)
        waiting = [] if shown.get("skipAwait") else ["--wait", "--timeout", f"{shown.get('timeout', _TIMEOUT_S)}s"]
        self._helm.uninstall(name, namespace, waiting)

    def _clear(self, call: Call, *, found: str) -> None:
        """Makes the release one that Helm can upgrade: what an interrupted run left pending is undone."""
        shown = plain(call.inputs)
        state = self._helm.state(shown["name"], shown["namespace"])
        if state is None:
            return
        label = f"Helm release {state.namespace}/{state.name}"
        if found:
            self._log.warning(f"{label} ({state.status}) {found}", call.urn)
        if not state.is_interrupted:
            return
        self._log.warning(f"{label} was left {state.status} by an interrupted run and is rolled back", call.urn)
        if state.status in {"pending-install", "uninstalling"}:
            self._helm.uninstall(state.name, state.namespace, ["--wait"])
        else:
            self._helm.rollback(state.name, state.namespace)

    def _upgraded(self, call: Call, release_id: str) -> Tree:
        shown = plain(call.inputs)
        flags = [*_render_flags(shown), *_apply_flags(shown)]
        try:
            return _outputs(call.inputs, self._helm.upgrade(shown["name"], flags, _values(shown)))
        except RefusedError as error:
            reason = _hidden(str(error), call.inputs)
            state = self._helm.state(shown["name"], shown["namespace"])
            if state is None:
                raise RefusedError(reason) from error
            outputs = _outputs(call.inputs, state)
            raise UnfinishedError(
                resource_id=release_id, outputs=outputs, inputs=call.inputs, reasons=[reason]
            ) from error


def _random_name(call: Call) -> str:
    return call.proposed_name or f"{call.name}-{hashlib.sha256(call.seed).hexdigest()[:8]}"


def _unknown_inputs(inputs: Tree) -> Iterator[Failure]:
    for key in sorted(inputs.keys() - _KNOWN):
        yield Failure(path=key, reason="not an input that localcloud's stand-in for helm.v3.Release knows")


def _render_flags(shown: Tree) -> list[str]:
    repository = (shown.get("repositoryOpts") or {}).get("repo")
    return [
        shown["chart"],
        *("--namespace", shown["namespace"]),
        *(["--version", shown["version"]] if shown.get("version") else []),
        *(["--repo", repository] if repository else []),
        *(flag for key, flag in _RENDER_SWITCHES.items() if shown.get(key)),
    ]


def _apply_flags(shown: Tree) -> list[str]:
    waiting = [] if shown.get("skipAwait") else ["--wait"]
    timeout = ["--timeout", f"{shown['timeout']}s"] if "timeout" in shown else []
    options = [part for key, flag in _APPLY_OPTIONS.items() if key in shown for part in (flag, str(shown[key]))]
    return [*waiting, *timeout, *options, *(flag for key, flag in _APPLY_SWITCHES.items() if shown.get(key))]


def _values(shown: Tree) -> str:
    """The values as JSON, which is YAML; nulls are left out unless asked for, as the official provider does."""
    values = shown.get("values") or {}
    return json.dumps(values if shown.get("allowNullValues") else _without_nulls(values))


def _without_nulls(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _without_nulls(child) for key, child in value.items() if child is not None}
    if isinstance(value, list):
        return [_without_nulls(child) for child in value if child is not None]
    return value


def _names(manifest: str, shown: Tree) -> dict[str, list[str]]:
    """The rendered objects by kind, as the official provider lists them: ``Service/v1: [NAMESPACE/NAME]``."""
    names: dict[str, list[str]] = {}
    for each in yaml.load_all(manifest, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if each:
            place = each["metadata"].get("namespace", shown["namespace"])
            names.setdefault(f"{each['kind']}/{each['apiVersion']}", []).append(f"{place}/{each['metadata']['name']}")
    return {kind: sorted(found) for kind, found in sorted(names.items())}


def _outputs(inputs: Tree, state: ReleaseState) -> Tree:
    """The inputs, marks and all, and what Helm says; the manifest stays out, as it repeats secret values."""
    status = {
        "appVersion": state.app_version,
        "chart": state.chart,
        "name": state.name,
        "namespace": state.namespace,
        "revision": state.revision,
        "status": state.status,
        "version": state.version,
    }
    return {**inputs, "status": status}


def _hidden(message: str, inputs: Tree) -> str:
    """Helm's words without the secrets that it repeats, as it does when a schema refuses a value."""
    for marked in walk(inputs):
        if is_secret(marked):
            for part in walk(plain(marked)):
                if isinstance(part, str) and len(part) >= _SHORTEST_HIDDEN:
                    message = message.replace(part, "[secret]")
    return message
