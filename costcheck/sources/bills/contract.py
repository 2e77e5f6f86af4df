"""What every source of bills is: a module that pulls months from an API, or one that reads a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from costcheck.errors import UsageError
from costcheck.records import BillBatch, Origin, Provenance, QuarantinedRow
from costcheck.sources.bills.windows import Window
from costcheck.sources.http import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """What to read, with everything that a source may know of the world.

    Attributes:
        windows: Whole months; each is one bucket of the ledger.
        now: UTC.
        environ: Where the keys are.
        options: The source's own options by name (`base-url`), only those that were given or have a default.
        retry: Another retry policy than the usual one.
        on_page: Called after each answer.
    """

    windows: tuple[Window, ...]
    now: datetime
    environ: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    retry: RetryPolicy | None = None
    on_page: Callable[[], None] = lambda: None

    @property
    def buckets(self) -> tuple[str, ...]:
        """Return the buckets that the read replaces."""
        return tuple(window.bucket for window in self.windows)

    def required(self, name: str, wanted: str) -> str:
        """Return a variable of the environment.

        Args:
            name: `OPENAI_ADMIN_KEY`.
            wanted: What it must hold and where that comes from, for the message.

        Raises:
            UsageError: It is not set.
        """
        value = self.environ.get(name, "")
        if not value:
            message = f"{name} is not set"
            raise UsageError(message, expected=wanted, action=f"export {name}=..., then run it again")
        return value

    def option(self, name: str, wanted: str) -> str:
        """Return an option that the source cannot do without.

        Raises:
            UsageError: It was not given.
        """
        value = self.options.get(name, "")
        if not value:
            message = f"--{name} is missing"
            raise UsageError(message, expected=wanted, action=f"give --{name} ..., then run it again")
        return value

    def provenance(self, source: str, source_url: str) -> Provenance:
        """Return where rows of this read stand: read live, today."""
        return Provenance(source=source, source_url=source_url, retrieved_on=self.now.date(), origin=Origin.LIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullPlan:
    """What a read will ask for, said before it starts.

    Attributes:
        requests: The least number of requests; pages may add to it.
        charge: What the provider takes for them (`no charge`, `0.01 USD a request`).
        source_url: Where it will read, as its rows will say: a month that was read elsewhere is not read yet. None
            where the source has one place alone.
    """

    requests: int
    charge: str = "no charge"
    source_url: str | None = None


class PullModule(Protocol):
    """A module that reads a bill from an API."""

    def plan(self, request: PullRequest) -> PullPlan:
        """Return what a read will ask for.

        Raises:
            UsageError: A key or an option is missing, or the API does not reach that far back.
        """

    def pull(self, request: PullRequest) -> BillBatch:
        """Return the windows as one batch; a month without a row is an empty one.

        Raises:
            CostcheckError: The read is not complete, or nothing in it could be read.
        """


class FileModule(Protocol):
    """A module that reads a bill from a file."""

    def recognises(self, path: Path) -> bool:
        """Return whether a file looks like one of its own, whatever it holds; never raises."""

    def read(self, path: Path, provenance: Provenance) -> BillBatch:
        """Return the file as one batch.

        Raises:
            CostcheckError: The file is no such file, or nothing in it could be read.
        """


class DeliveryModule(FileModule, Protocol):
    """A module that reads one bill from several files, too: the parts in which an export came."""

    def read_delivery(self, paths: Sequence[Path], provenance: Provenance) -> BillBatch:
        """Return the files as one batch, the same whatever their order; `read` of one file is this of that file.

        Raises:
            CostcheckError: One is no such file, or nothing in them could be read.
        """


class ReplayModule(Protocol):
    """A module whose quarantined rows can be read again once it has been mended."""

    def replay(self, rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
        """Return what the rows say now, what still cannot be read quarantined as before."""
