"""Every error that a user can meet.

CostcheckError
├── UsageError (exit 2: the command, the configuration or a file given to it is wrong)
│   ├── ConfigError
│   └── InputFileError
├── OutputError (exit 1: what was worked out cannot be printed)
├── DeniedError (exit 3: understood, and the answer is no)
└── EvidenceError (exit 4: understood, and the evidence does not reach for an answer)
    ├── SourceError
    │   ├── SourceAuthError
    │   ├── SourceRateLimitError
    │   └── SourcePayloadError
    ├── PriceNotFoundError
    ├── AmbiguousPriceError
    ├── CurrencyError
    ├── LedgerError
    │   └── LossError
    ├── PlanError
    └── TamperedError

Anything else that escapes is a crash and exits 1: a traceback never reads as a verdict.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process answers, everywhere in the kit."""

    DONE = 0
    CRASH = 1
    USAGE = 2
    DENIED = 3
    INSUFFICIENT_EVIDENCE = 4


class CostcheckError(Exception):
    """An error with the three things a reader needs.

    Attributes:
        seen: What was met, with its whole key.
        expected: What would have been right.
        action: What to do next.
    """

    exit_code = ExitCode.CRASH

    def __init__(self, seen: str, *, expected: str, action: str) -> None:
        super().__init__(seen)
        self.seen = seen
        self.expected = expected
        self.action = action

    def __str__(self) -> str:
        return f"{self.seen}\n  expected: {self.expected}\n  to do:    {self.action}"


class UsageError(CostcheckError):
    """The command line asks for something that cannot be done."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """A configuration or data file has a key, a type or a value that is not allowed."""


class InputFileError(UsageError):
    """A file named by the user cannot be opened or is not what it was said to be."""


class OutputError(CostcheckError):
    """Standard output cannot be written; it says nothing about the question."""


class DeniedError(CostcheckError):
    """The request was understood and is refused."""

    exit_code = ExitCode.DENIED


class EvidenceError(CostcheckError):
    """The evidence is missing, stale or contradictory, so no verdict can rest on it."""

    exit_code = ExitCode.INSUFFICIENT_EVIDENCE


class SourceError(EvidenceError):
    """A price or billing source did not answer usefully."""


class SourceAuthError(SourceError):
    """A source refused the credentials (401 or 403)."""


class SourceRateLimitError(SourceError):
    """A source kept answering 429 until the attempts ran out."""


class SourcePayloadError(SourceError):
    """A source answered with something other than its documented payload."""


class PriceNotFoundError(EvidenceError):
    """No price stands under this key; it is never taken to be zero."""


class AmbiguousPriceError(EvidenceError):
    """More than one price stands under a key that must name exactly one."""


class CurrencyError(EvidenceError):
    """Amounts in different currencies met, or a currency that the kit cannot price."""


class LedgerError(EvidenceError):
    """The ledger cannot be read, or holds nothing that can be used."""


class LossError(LedgerError):
    """What was read would take rows or money out of the ledger; what else is read may go in."""


class PlanError(EvidenceError):
    """A preview or a state is not whole, so what it would do is not known."""


class TamperedError(EvidenceError):
    """A file does not match the digest that it carries."""
