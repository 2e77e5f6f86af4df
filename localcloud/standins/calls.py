"""The words between the wire and a stand-in provider: what is asked, what is answered, what went wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from localcloud.standins.values import Tree


class RefusedError(Exception):
    """The operation cannot be done; nothing was changed. The message goes to the user as it is."""


class UnfinishedError(Exception):
    """The resource exists but is not ready: the engine keeps it with its errors and the next `up` updates it."""

    def __init__(self, *, resource_id: str, outputs: Tree, inputs: Tree, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.resource_id = resource_id
        self.outputs = outputs
        self.inputs = inputs
        self.reasons = list(reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the engine says about one resource; an operation leaves what it has no use for empty.

    Attributes:
        urn: The whole URN; ``type`` and ``name`` are its last two parts.
        resource_id: The id that ``create`` gave; empty in ``check`` and ``create``.
        inputs: The new inputs; in ``read`` and ``delete`` those in state.
        old_inputs: The inputs in state (``check``, ``diff``, ``update``).
        outputs: The outputs in state (``diff``, ``read``, ``update``, ``delete``).
        preview: True when nothing may be changed.
        timeout_s: The user's `custom_timeouts` in seconds, 0 when not given.
        seed: Random bytes that are the same in preview and up, for names.
        proposed_name: The name that `pulumi:autonaming` asks for, or empty.
    """

    urn: str
    resource_id: str = ""
    inputs: Tree = field(default_factory=dict)
    old_inputs: Tree = field(default_factory=dict)
    outputs: Tree = field(default_factory=dict)
    preview: bool = False
    timeout_s: float = 0
    seed: bytes = b""
    proposed_name: str = ""

    @property
    def type(self) -> str:
        """The type token: ``aws:ec2/vpc:Vpc``, without the parents' types."""
        return self.urn.split("::")[2].split("$")[-1]

    @property
    def name(self) -> str:
        """The name in the program."""
        return self.urn.split("::", 3)[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One input that is not allowed, for `check`."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The inputs with defaults and names filled in, and what is wrong with them."""

    inputs: Tree
    failures: Sequence[Failure] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A new resource. In preview the id is empty and computed outputs are `values.UNKNOWN`."""

    resource_id: str
    outputs: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A resource as it is now; ``inputs`` are what the program would have to say to get it."""

    inputs: Tree
    outputs: Tree
    resource_id: str = ""
