"""The stand-in for Pulumi's AWS provider: the pretend account behind Pulumi's wire protocol."""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from localcloud.account.effects import effect_of
from localcloud.account.errors import ApiError
from localcloud.account.invokes import answer
from localcloud.account.kinds import Kind, kind_of
from localcloud.account.making import changed, make
from localcloud.account.references import check_references, check_unheld
from localcloud.account.request_checks import request_failures
from localcloud.account.sdk_inputs import input_failures
from localcloud.account.store import Account, Resource, State, Tree
from localcloud.account.trouble import delay_s, take_failure
from localcloud.paths import Home
from localcloud.standins.calls import Call, Checked, Created, Failure, Live, RefusedError, UnfinishedError
from localcloud.standins.diff import Change, written
from localcloud.standins.provider import Provider
from localcloud.standins.serving import serve_provider
from localcloud.standins.values import UNKNOWN, keep_marks, plain

_SUFFIX_DIGITS = 7  # Pulumi's autonaming appends so many hexadecimal digits


class AwsProvider(Provider):
    """The servicer of one `pulumi` command."""

    package: ClassVar[str] = "aws"
    version: ClassVar[str] = "7.51.1"

    def __init__(self, home: Home) -> None:
        self._home = home
        self._account = Account(home.account_file)
        self._default_tags: dict[str, str] = {}

    def configure(self, config: Tree) -> None:
        """Takes the default tags; region and credentials are those of the pretend account."""
        tags = plain(config).get("defaultTags") or {}
        parsed = json.loads(tags) if isinstance(tags, str) else tags
        self._default_tags = dict(parsed.get("tags") or {})

    def check(self, call: Call) -> Checked:
        """Names the resource, and refuses what the SDK's types or AWS's request rules do not allow."""
        try:
            kind = kind_of(call.type)
        except ApiError as error:
            return Checked(inputs=call.inputs, failures=[Failure(path="", reason=str(error))])
        inputs = {**call.inputs, **own_name(kind, call)}
        failures = list(input_failures(call.type, inputs)) or request_failures(kind, plain(inputs))
        return Checked(inputs=inputs, failures=failures)

    def forces_replacement(self, call: Call, change: Change) -> bool:
        """True for a listed input, for what is inside one, and for a whole object that came or went with it."""
        path = written(change.path)
        return any(
            path == each or path.startswith((f"{each}.", f"{each}[")) or _holds_part(call, path, each)
            for each in kind_of(call.type).replaces
        )

    def deletes_first(self, call: Call) -> bool:
        """True when the new resource would have the old one's name, which must be free first."""
        name = kind_of(call.type).name
        return bool(name) and call.inputs.get(name) == call.old_inputs.get(name)

    def create(self, call: Call) -> Created:
        """Makes the resource with everything that comes with it."""
        kind, inputs = kind_of(call.type), plain(call.inputs)
        if call.preview:
            return Created(resource_id="", outputs=self._preview(kind, call.inputs, inputs))
        time.sleep(delay_s(self._account.read(), call, "create"))
        with _refusals(kind, "creating", call), self._account.change() as state:
            trouble = take_failure(state, call, "create")
            if trouble is None or trouble.made:
                made = self._make(state, kind, inputs)
        if trouble is not None and not trouble.made:
            msg = f"creating {kind.label} ({call.name}): {trouble.error}"
            raise RefusedError(msg)
        outputs = marked(made.outputs, call.inputs)
        if trouble is not None:
            raise UnfinishedError(resource_id=made.id, outputs=outputs, inputs=call.inputs, reasons=[trouble.error])
        self._settle(call, made, outputs)
        return Created(resource_id=made.id, outputs=outputs)

    def _make(self, state: State, kind: Kind, inputs: Tree) -> Resource:
        effect = effect_of(kind.token)
        check_references(state, kind, inputs)
        effect.check(state, inputs)
        own_id = effect.own_id(state, inputs)
        made = make(state, kind.token, inputs, resource_id=own_id, default_tags=self._default_tags)
        effect.made(state, self._home, made)
        return state.get(made.type, made.id) or made

    def _settle(self, call: Call, resource: Resource, outputs: Tree) -> None:
        try:
            effect_of(resource.type).settle(self._home, resource)
        except TimeoutError as error:
            raise UnfinishedError(
                resource_id=resource.id, outputs=outputs, inputs=call.inputs, reasons=[str(error)]
            ) from error

    def _preview(self, kind: Kind, given: Tree, inputs: Tree) -> Tree:
        """What is known before the resource exists."""
        computed = dict.fromkeys([*kind.outputs, *(["arn"] if kind.arn else [])], UNKNOWN)
        tags = {**self._default_tags, **(inputs.get("tags") or {})} if inputs.get("tags") != UNKNOWN else UNKNOWN
        inside = effect_of(kind.token).unknown_parts(inputs)
        return marked({**kind.defaults, **computed, **inputs, **inside, "tagsAll": tags}, given)

    def read(self, call: Call) -> Live | None:
        """The resource as the account has it; a key that waits for its deletion is gone."""
        found = self._living(self._account.read(), call)
        if found is None:
            return None
        return Live(inputs=keep_marks(found.inputs, call.inputs), outputs=keep_marks(found.outputs, call.outputs))

    def update(self, call: Call) -> Tree:
        """Changes the resource in place."""
        kind, inputs = kind_of(call.type), plain(call.inputs)
        if call.preview:
            return self._preview_change(call, inputs)
        before = self._account.read()
        time.sleep(delay_s(before, call, "update"))
        self._make_way(before, call, inputs)
        with _refusals(kind, "updating", call), self._account.change() as state:
            trouble = take_failure(state, call, "update")
            if trouble is None:
                new = self._change(state, kind, call, inputs)
        if trouble is not None:
            msg = f"updating {kind.label} ({call.resource_id}): {trouble.error}"
            raise RefusedError(msg)
        outputs = marked(new.outputs, call.inputs)
        self._settle(call, new, outputs)
        return outputs

    def _change(self, state: State, kind: Kind, call: Call, inputs: Tree) -> Resource:
        effect = effect_of(kind.token)
        old = self._living(state, call)
        if old is None:
            raise ApiError(kind.missing, f"the {kind.label} '{call.resource_id}' does not exist")
        check_references(state, kind, inputs)
        effect.check_change(state, old, inputs)
        new = changed(state, old, inputs, self._default_tags)
        effect.changed(state, old, new)
        return state.get(new.type, new.id) or new

    def _preview_change(self, call: Call, inputs: Tree) -> Tree:
        """What is known before the change is made."""
        old = Resource(
            type=call.type, id=call.resource_id, inputs=plain(call.old_inputs), outputs=plain(call.outputs)
        )
        scratch = State({})
        new = changed(scratch, old, inputs, self._default_tags)
        unsure = dict.fromkeys(effect_of(call.type).unsure_outputs(old, inputs), UNKNOWN)
        parts = {
            name: {**old.outputs[name], **inputs[name]} if isinstance(inputs.get(name), dict) else value
            for name, value in new.outputs.items()
            if name in old.outputs and isinstance(old.outputs[name], dict) and name not in ("tags", "tagsAll")
        }
        return marked({**new.outputs, **parts, **unsure}, call.inputs)

    def delete(self, call: Call) -> None:
        """Deletes the resource, unless something still needs it."""
        kind = kind_of(call.type)
        before = self._account.read()
        time.sleep(delay_s(before, call, "delete"))
        self._make_way(before, call, None)
        with _refusals(kind, "deleting", call), self._account.change() as state:
            found = self._living(state, call)
            trouble = take_failure(state, call, "delete")
            if found is not None and trouble is None:
                check_unheld(state, kind, found)
                state.remove(found)
                effect_of(kind.token).removed(state, found)
        if trouble is not None:
            msg = f"deleting {kind.label} ({call.resource_id}): {trouble.error}"
            raise RefusedError(msg)
        if found is not None:
            self._settle(call, found, {})

    def _make_way(self, state: State, call: Call, inputs: Tree | None) -> None:
        if there := state.get(call.type, call.resource_id):
            effect_of(call.type).make_way(self._home, state, there, inputs)

    def _living(self, state: State, call: Call) -> Resource | None:
        found = state.get(call.type, call.resource_id)
        return None if found is None or found.outputs.get("keyState") == "PendingDeletion" else found

    def invoke(self, token: str, args: Tree) -> Tree:
        """The answer of a lookup."""
        try:
            return answer(self._account.read(), token, args)
        except ApiError as error:
            msg = f"invoking {token}: {error}"
            raise RefusedError(msg) from error


@contextlib.contextmanager
def _refusals(kind: Kind, doing: str, call: Call) -> Iterator[None]:
    """Says AWS's refusal as the provider would."""
    try:
        yield
    except ApiError as error:
        name = call.resource_id or call.name
        operation = f"operation error {kind.service or kind.label}"
        msg = f"{doing} {kind.label} ({name}): {operation}, {error}"
        raise RefusedError(msg) from error


def _holds_part(call: Call, path: str, listed: str) -> bool:
    """True when the object at the path came or went as a whole, with the listed input inside it."""
    outer, _, inner = listed.partition(".")
    objects = [call.inputs.get(outer), call.old_inputs.get(outer)]
    return path == outer and any(isinstance(each, dict) and inner in each for each in objects)


def marked(outputs: Tree, inputs: Tree) -> Tree:
    """The outputs with the mark of a secret wherever the inputs have one."""
    found: Tree = keep_marks(outputs, inputs)
    return found


def own_name(kind: Kind, call: Call) -> Mapping[str, Any]:
    """The name that the resource gets when the program gives none; the same on every later run."""
    if not kind.name or kind.name in call.inputs or f"{kind.name}Prefix" in call.inputs:
        return {}
    digest = hashlib.sha256(call.seed or os.urandom(16)).hexdigest()[:_SUFFIX_DIGITS]
    return {kind.name: call.old_inputs.get(kind.name) or call.proposed_name or f"{call.name}-{digest}"}


if __name__ == "__main__":
    serve_provider(AwsProvider(Home.from_environment(os.environ)))
