"""The account file: everything that exists in the pretend account, shared by the provider, the API and controllers.

One JSON file, replaced atomically under a lock of its own (a lock on the file itself would be lost with it). A person
may edit `settings`, `quotas`, `failures` and `delays` between two commands.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

Tree: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Who and where the account is.

    Attributes:
        account_id: Twelve digits; these are the example account of the AWS documentation.
        region: Region of what names none.
        caller_arn: Who every unknown access key belongs to.
        callers: ARN by access key, for tests with several identities.
        late_logs: A cluster's log group that is deleted comes back once, with the last lines of the control plane.
    """

    account_id: str = "123456789012"
    region: str = "us-east-1"
    caller_arn: str = "arn:aws:sts::123456789012:assumed-role/localcloud-admin/laptop"
    callers: Mapping[str, str] = field(default_factory=dict)
    late_logs: bool = False

    @property
    def partition(self) -> str:
        """The partition of all ARNs."""
        return "aws"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One thing in the account.

    Attributes:
        type: Pulumi's token, also for what no program made.
        id: The provider's id; unique within the type.
        inputs: As the program said, without secrets' marks.
        outputs: Inputs and what AWS computed.
        made_by: Empty for what a program made; else the controller or resource whose side effect this is.
        made_at: Seconds since 1970.
    """

    type: str
    id: str
    inputs: Tree = field(default_factory=dict)
    outputs: Tree = field(default_factory=dict)
    made_by: str = ""
    made_at: float = 0

    @property
    def arn(self) -> str:
        """The ARN, or an empty string for what has none."""
        return str(self.outputs.get("arn", ""))

    @property
    def tags(self) -> dict[str, str]:
        """All tags, those of the provider's default_tags included."""
        return dict(self.outputs.get("tagsAll") or self.inputs.get("tags") or {})


class State:
    """The account as read; changes are written when the `change` block that gave it ends without an error."""

    def __init__(self, document: Tree) -> None:
        self.settings = Settings(**document.get("settings", {}))
        self.quotas: dict[str, float] = dict(document.get("quotas", {}))
        self.failures: list[Tree] = list(document.get("failures", []))
        self.delays: list[Tree] = list(document.get("delays", []))
        self._resources = {
            (each["type"], each["id"]): Resource(**each) for each in document.get("resources", {}).values()
        }

    def text(self) -> str:
        """The account as JSON."""
        document = {
            "settings": asdict(self.settings),
            "quotas": self.quotas,
            "failures": self.failures,
            "delays": self.delays,
            "resources": {f"{each.type} {each.id}": asdict(each) for each in self},
        }
        return json.dumps(document, indent=1)

    def __iter__(self) -> Iterator[Resource]:
        return iter(list(self._resources.values()))

    def get(self, token: str, resource_id: str) -> Resource | None:
        """The resource, or None."""
        return self._resources.get((token, resource_id))

    def of_type(self, *tokens: str) -> list[Resource]:
        """All resources of these types, in the order of their making."""
        return [each for each in self if each.type in tokens]

    def put(self, resource: Resource) -> Resource:
        """Adds or replaces the resource and returns it."""
        self._resources[resource.type, resource.id] = resource
        return resource

    def set_outputs(self, resource: Resource, **outputs: Any) -> Resource:  # noqa: ANN401
        """The resource with these outputs changed."""
        return self.put(replace(resource, outputs={**resource.outputs, **outputs}))

    def remove(self, resource: Resource) -> None:
        """Removes the resource; one that is gone already is no error."""
        self._resources.pop((resource.type, resource.id), None)


class Account:
    """The account file of one local cloud."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> State:
        """The account as it is now; an absent file is a new account."""
        return State(json.loads(self.path.read_text()) if self.path.exists() else {})

    @contextmanager
    def change(self) -> Iterator[State]:
        """The account, locked against all other writers; written when the block ends without an error."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = self.read()
            before = state.text()
            yield state
            after = state.text()
            if after != before:
                self._write(after)

    def _write(self, text: str) -> None:
        unfinished = self.path.with_suffix(f".{os.getpid()}.new")
        unfinished.write_text(text)
        unfinished.replace(self.path)
