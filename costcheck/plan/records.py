"""A plan: the resources before and after, and what happens to each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stands in a preview for a value that only exists after the update
(https://github.com/pulumi/pulumi/blob/v3.258.0/sdk/go/common/resource/plugin/rpc.go, `UnknownStringValue`)."""
SECRET = "[secret]"  # noqa: S105 - what a preview prints in place of one
STACK_TOKEN = "pulumi:pulumi:Stack"  # noqa: S105 - a type
SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key of objects that stand for secrets and assets in a state
(https://github.com/pulumi/pulumi/blob/v3.258.0/sdk/go/common/resource/sig/sig.go)."""
KUBERNETES = "kubernetes:"
"""Begins the type of every object of Kubernetes."""
PROVIDER_PREFIX = "pulumi:providers:"
"""Begins the type of every provider."""


class Operation(StrEnum):
    """What happens to a resource, in the words of `pulumi preview --json`."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    CREATE_REPLACEMENT = "create-replacement"
    DELETE_REPLACED = "delete-replaced"
    DISCARD_REPLACED = "discard-replaced"
    READ = "read"
    READ_REPLACEMENT = "read-replacement"
    READ_DISCARD = "discard"
    REFRESH = "refresh"
    IMPORT = "import"
    IMPORT_REPLACEMENT = "import-replacement"
    REMOVE_PENDING_REPLACE = "remove-pending-replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource as it is registered or stands in the state.

    Attributes:
        urn: Unique name in the stack.
        token: Type token, such as `aws:eks/nodeGroup:NodeGroup`.
        inputs: In the provider's names; numbers with a point are Decimals.
        resource_id: The provider's id, empty before it is created.
        outputs: What the provider told of it after the last update, as far as this one leaves it.
        is_created: The update makes it, or makes it anew.
        custom: A provider manages it; a component is only a bracket around others.
        external: Read, not managed: somebody else pays for it and nothing changes it here.
        provider_urn: Provider that manages it, empty where none is named.
        is_leftover: Its URN names its successor or nothing: it waits for its deletion, or is never deleted.
        is_retained: It goes on to run and to cost after the stack has given it up (`retainOnDelete`).
        region_id: AWS region that it stands in, None where nothing says so.
        depends_on: Property to the URNs that its value comes from.
    """

    urn: str
    token: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    resource_id: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    is_created: bool = False
    custom: bool = True
    external: bool = False
    provider_urn: str = ""
    is_leftover: bool = False
    is_retained: bool = False
    region_id: str | None = None
    depends_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return its logical name, the last part of the URN."""
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one resource.

    Attributes:
        before: None where it is new.
        after: None where it goes; one that is retained does not.
    """

    operation: Operation
    urn: str
    before: Resource | None
    after: Resource | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One preview, whole: every change, and what stays where the state was given too.

    Attributes:
        project: Pulumi project, from the URNs.
        stack: Pulumi stack, from the URNs.
        changes: In the order of the preview; nothing in it is unchanged.
        unchanged: What stays as it is; empty where no state was given.
        unchanged_count: How many resources stay, as the preview counts them.
        state_given: Whether `unchanged` is all of them.
        failure: Why the preview failed or is not whole, empty where it succeeded; such a plan may show a part only.
        is_state_unfit: It failed for the state that was given with it: unreadable, or not the one the preview saw.
        default_region_id: AWS region of the stack's configuration, None where it names none.
    """

    project: str
    stack: str
    changes: tuple[Change, ...]
    unchanged: tuple[Resource, ...] = ()
    unchanged_count: int = 0
    state_given: bool = False
    failure: str = ""
    is_state_unfit: bool = False
    default_region_id: str | None = None

    @property
    def knows_everything(self) -> bool:
        """Return whether every resource of the stack is in the plan."""
        return not self.failure and (self.state_given or self.unchanged_count == 0)

    @property
    def before(self) -> tuple[Resource, ...]:
        """Return what stands before the update, as far as the plan knows it."""
        return (*self.unchanged, *(change.before for change in self.changes if change.before))

    @property
    def after(self) -> tuple[Resource, ...]:
        """Return what stands after it."""
        return (*self.unchanged, *(change.after for change in self.changes if change.after))


def unreadable_plan(failure: str, stack: str = "") -> Plan:
    """Return the plan of a file that is none, or of one that does not belong to its state: it shows nothing.

    Args:
        failure: Why.
        stack: The stack that was asked for, with its project or without; empty where nobody said.
    """
    project, _, name = stack.rpartition("/")
    return Plan(project=project, stack=name, changes=(), failure=failure)
