"""Every error that the program itself raises; all end the run before a resource is touched, without a traceback.

pulumi.RunError (Pulumi prints the message alone)
├── ConfigError (2: the stack configuration is wrong, or does not fit the account)
│   └── ProblemsError (2: the same, with everything that is wrong in one message)
├── GrowthDeniedError (3: more GPU capacity than the decision allows)
└── GrowthUndecidedError (4: a decision that cannot be read or has run out cannot allow growth)

The numbers are the kit's exit codes (`costcheck.errors.ExitCode`). `pulumi` itself exits with its own; the message
says ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from costcheck import errors


class ConfigError(errors.UsageError, pulumi.RunError):
    """The stack configuration has a key, a type or a value that is not allowed."""


class GrowthDeniedError(errors.DeniedError, pulumi.RunError):
    """More GPU capacity is wanted than the decision allows."""


class GrowthUndecidedError(errors.EvidenceError, pulumi.RunError):
    """More GPU capacity is wanted, and the decision that might allow it is unreadable or has run out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with the configuration.

    Attributes:
        key: Whole key, as in `gpuPools[0].nodes.max`.
        value: What stands there, as it was read.
        right: What would be right.
    """

    key: str
    value: object
    right: str

    def __str__(self) -> str:
        return f"  {self.key} = {self.value!r}\n      right: {self.right}"


class ProblemsError(ConfigError):
    """Everything that is wrong, in one message.

    Attributes:
        problems: One for each thing, in the order in which it was found.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        things = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(
            f"the stack configuration has {things}; nothing was created or changed",
            expected="every key below as described beside it",
            action="correct them in Pulumi.STACK.yaml, or with `pulumi config set --path`",
        )
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join((self.seen, *map(str, self.problems), f"  to do: {self.action}"))


def refuse(problems: Sequence[Problem]) -> None:
    """Do nothing where there is no problem.

    Raises:
        ProblemsError: With all of them.
    """
    if problems:
        raise ProblemsError(problems)
