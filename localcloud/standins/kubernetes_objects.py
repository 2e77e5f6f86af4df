"""Any Kubernetes object as a Pulumi resource: names, differences, server-side apply, reading back."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubernetes.utils.quantity import parse_quantity

from localcloud.standins import replacement_rules
from localcloud.standins.calls import Call, Checked, Created, Live, RefusedError
from localcloud.standins.diff import Change
from localcloud.standins.kubernetes_api import ApiRefusedError, KubernetesApi, Reference
from localcloud.standins.values import UNKNOWN, Tree, has_unknown, is_secret, keep_marks, plain, secret

AUTONAMED = "pulumi.com/autonamed"  # the official provider's annotations
PATCH_FORCE = "pulumi.com/patchForce"
_DELETE_TIMEOUT_S = 600.0  # the official provider's default, `defaultDeletionTimeout`
_ESTABLISHED_TIMEOUT_S = 60.0
_CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
_SERVER_FIELDS = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectOptions:
    """What the provider's configuration says about objects."""

    namespace: str = "default"
    upsert: bool = False
    force: bool = False
    secret_mutable: bool = False
    config_map_mutable: bool = False


class KubernetesObjects:
    """The operations; ``api`` is None while the cluster does not exist yet, in a preview."""

    def __init__(self, api: KubernetesApi | None, options: ObjectOptions) -> None:
        self._api = api
        self._options = options

    def check(self, call: Call) -> Checked:
        """The inputs with a kind and a name: the user's, the old one, or a new one that is random but stable."""
        inputs = {**_kind_of(call.type), **call.inputs}
        marked = inputs.get("metadata") or {}
        metadata = marked["value"] if is_secret(marked) else marked
        if metadata == UNKNOWN or metadata.get("name"):
            return Checked(inputs=inputs)
        old = plain(call.old_inputs).get("metadata") or {}
        adopted = old.get("name") if AUTONAMED in (old.get("annotations") or {}) else None
        name = adopted or call.proposed_name or f"{call.name}-{hashlib.sha256(call.seed).hexdigest()[:8]}"
        annotations = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
        named = {**metadata, "annotations": annotations, "name": name}
        return Checked(inputs={**inputs, "metadata": keep_marks(named, marked)})

    def forces_replacement(self, call: Call, change: Change) -> bool:
        """True when the object has to be made anew for this change."""
        kind = (str(call.inputs.get("apiVersion")), str(call.inputs.get("kind")))
        immutable = bool(call.old_inputs.get("immutable"))
        rules = replacement_rules.ALWAYS + replacement_rules.RULES.get(kind, ())
        if kind == ("v1", "Secret") and (immutable or not self._options.secret_mutable):
            rules += replacement_rules.SECRET
        if kind == ("v1", "ConfigMap") and (immutable or not self._options.config_map_mutable):
            rules += replacement_rules.CONFIG_MAP
        return replacement_rules.matches(rules, change.path)

    def deletes_first(self, call: Call) -> bool:
        """True when the new object has the old one's name in the old one's namespace, by the user's wish."""
        old, new = call.old_inputs.get("metadata") or {}, call.inputs.get("metadata") or {}
        if AUTONAMED in (new.get("annotations") or {}):
            return False
        return all(old.get(key) == new.get(key) for key in ("name", "namespace"))

    def create(self, call: Call) -> Created:
        """The object; one that exists already is refused unless the provider may take it over."""
        if call.preview:
            return Created(resource_id="", outputs=self._preview(call.inputs, {}))
        reference = self._reference(call.inputs)
        if not self._options.upsert and self._cluster().get(reference):
            message = (
                f"{reference} exists already: delete it, import it into the stack, or set upsertExistingObjects on "
                "the provider"
            )
            raise RefusedError(message)
        live = self._applied(call.inputs)
        return Created(resource_id=_id_of(live), outputs=_outputs(live, call.inputs))

    def update(self, call: Call) -> Tree:
        """The object with its new inputs."""
        if call.preview:
            return self._preview(call.inputs, plain(call.outputs))
        return _outputs(self._applied(call.inputs), call.inputs)

    def read(self, call: Call) -> Live | None:
        """The object as it is; its inputs are the old ones, with what the cluster has at the same places."""
        old = call.inputs or call.outputs
        wanted = old or _from_id(call, self._options.namespace)
        live = self._cluster().get(self._reference(wanted))
        if live is None:
            return None
        inputs = _project(live, plain(call.inputs)) if call.inputs else _without_server_fields(live)
        return Live(inputs=keep_marks(inputs, call.inputs), outputs=_outputs(live, old), resource_id=_id_of(live))

    def delete(self, call: Call) -> None:
        """Gone, and waited for."""
        reference = self._reference(call.outputs)
        self._cluster().delete(reference, timeout_s=call.timeout_s or _DELETE_TIMEOUT_S)

    def _cluster(self) -> KubernetesApi:
        if self._api is None:
            message = "the provider's kubeconfig is not known, so there is no cluster to work on"
            raise RefusedError(message)
        return self._api

    def _reference(self, inputs: Tree) -> Reference:
        shown = plain(inputs)
        metadata = shown["metadata"]
        return Reference(
            api_version=shown["apiVersion"],
            kind=shown["kind"],
            name=metadata["name"],
            namespace=metadata.get("namespace") or self._options.namespace,
        )

    def _applied(self, inputs: Tree) -> Tree:
        live = self._apply(inputs, dry_run=False)
        if (live["apiVersion"], live["kind"]) == _CRD:
            self._wait_until_established(self._reference(inputs))
        return live

    def _apply(self, inputs: Tree, *, dry_run: bool) -> Tree:
        body = plain(inputs)
        annotations = body["metadata"].get("annotations") or {}
        force = self._options.force or annotations.get(PATCH_FORCE) == "true"
        try:
            return self._cluster().apply(self._reference(inputs), body, dry_run=dry_run, force=force)
        except ApiRefusedError as error:
            if error.is_conflict:
                message = f'{error}; to take the fields over, set the annotation {PATCH_FORCE}: "true"'
                raise RefusedError(message) from error
            raise

    def _preview(self, inputs: Tree, old: Tree) -> Tree:
        """What is known before the change: the server's own answer to a dry run where it can give one."""
        if self._api is None or has_unknown(inputs):
            return _unknown_outputs(inputs, old)
        try:
            shown = self._apply(inputs, dry_run=True)
        except ApiRefusedError as error:
            if error.is_missing:  # its namespace or its kind is made in the same run
                return _unknown_outputs(inputs, old)
            raise
        return _unknown_outputs(_outputs(shown, inputs), old)

    def _wait_until_established(self, reference: Reference) -> None:
        """Waits until the server serves a new kind; without that, the next resource of it would fail."""
        deadline = time.monotonic() + _ESTABLISHED_TIMEOUT_S
        while time.monotonic() < deadline:
            conditions = ((self._cluster().get(reference) or {}).get("status") or {}).get("conditions") or ()
            if any(each["type"] == "Established" and each["status"] == "True" for each in conditions):
                return
            time.sleep(0.1)
        message = f"{reference} was not established after {_ESTABLISHED_TIMEOUT_S:.0f} s"
        raise RefusedError(message)


def _kind_of(token: str) -> Tree:
    """Version and kind from a type token: ``kubernetes:core/v1:Secret``, ``kubernetes:karpenter.sh/v1:NodePool``."""
    _, version, kind = token.split(":")
    return {"apiVersion": version.removeprefix("core/"), "kind": kind}


def _id_of(live: Tree) -> str:
    metadata = live["metadata"]
    return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))


def _from_id(call: Call, namespace: str) -> Tree:
    """What an import or a `get` says of an object: its kind and its id, NAMESPACE/NAME or NAME."""
    *space, name = call.resource_id.split("/")
    return {**_kind_of(call.type), "metadata": {"name": name, "namespace": space[0] if space else namespace}}


def _outputs(live: Tree, inputs: Tree) -> Tree:
    """The live object with the marks of the inputs; a Secret's data is always secret."""
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    outputs: Tree = keep_marks({**live, "metadata": metadata}, inputs)
    if (live["apiVersion"], live["kind"]) == ("v1", "Secret") and "data" in outputs:
        outputs["data"] = secret(plain(outputs["data"]))
    return outputs


def _unknown_outputs(shown: Tree, old: Tree) -> Tree:
    """The object with what only the server decides marked unknown, or as it was where that cannot change."""
    metadata = shown.get("metadata")
    if isinstance(metadata, dict) and not has_unknown(metadata):
        kept = old.get("metadata") or {}
        decided = {key: kept.get(key, UNKNOWN) for key in ("uid", "creationTimestamp")}
        metadata = {**metadata, **decided, "resourceVersion": UNKNOWN, "generation": UNKNOWN}
    result = {**shown, "metadata": metadata, "status": UNKNOWN}
    if shown.get("kind") == "Service" and not old and isinstance(shown.get("spec"), dict):
        result["spec"] = {**shown["spec"], "clusterIP": UNKNOWN, "clusterIPs": UNKNOWN}
    return result


def _without_server_fields(live: Tree) -> Tree:
    metadata = {key: value for key, value in live["metadata"].items() if key not in _SERVER_FIELDS}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}


def _project(live: Any, wanted: Any) -> Any:  # noqa: ANN401
    """The part of the live object that the inputs speak of.

    ``stringData`` is write-only, so it stays; a quantity written in another way is the same.
    """
    if isinstance(wanted, dict) and isinstance(live, Mapping):
        kept = {key: _project(live[key], value) for key, value in wanted.items() if key in live}
        return kept | {key: wanted[key] for key in ("stringData",) if key in wanted and key not in live}
    if isinstance(wanted, list) and isinstance(live, list) and len(wanted) == len(live):
        return [_project(there, here) for there, here in zip(live, wanted, strict=True)]
    return wanted if _same_quantity(live, wanted) else live


def _same_quantity(one: object, other: object) -> bool:
    if not isinstance(one, str | int) or not isinstance(other, str | int):
        return False
    try:
        return bool(parse_quantity(str(one)) == parse_quantity(str(other)))  # type: ignore[no-untyped-call]
    except ValueError:
        return False
