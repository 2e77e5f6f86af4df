"""What a command may know of the outside world, read once by the entry point and passed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Context:
    """The clock and the environment.

    Attributes:
        now: Time of the run, UTC.
        environ: Environment variables (keys of billing APIs live nowhere else).
    """

    now: datetime
    environ: Mapping[str, str]
