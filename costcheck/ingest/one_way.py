"""A month of an organisation's bill comes one way: from its API, or from what its console lets one download."""

from datetime import date
from shlex import quote

from costcheck.errors import LedgerError
from costcheck.ledger import Ledger
from costcheck.ledger.retention import PULLED
from costcheck.records import BillBatch


def refuse_the_other_way(ledger: Ledger, batch: BillBatch) -> None:
    """Do nothing unless months of the batch are in the ledger already, and came the other way.

    The two write projects, keys and times in other words, so that no row of one is seen to be a row of the other.

    Raises:
        LedgerError: They are: each token and dollar of them would count twice.
    """
    (bucket,) = batch.buckets
    is_pull = PULLED.fullmatch(bucket) is not None
    came = {(row.charge_period_start.date().replace(day=1), True) for row in batch.usage}
    came |= {(row.charge_period_start.date().replace(day=1), False) for row in batch.charges}
    held = [
        (other, month, (month, is_usage) in came)
        for other, month, is_usage in ledger.kinds_by_month(batch.x_source)
        if (PULLED.fullmatch(other) is None) is is_pull
    ]
    there = sorted({month for _, month, is_double in held if is_double})
    if there and is_pull:
        files = {other for other, _, is_double in held if is_double}
        raise _file_was_first(batch, there, sorted(files), max(month for other, month, _ in held if other in files))
    if there:
        raise _pull_was_first(batch, there, sorted({month for month, _ in came} - set(there)))


def _pull_was_first(batch: BillBatch, there: list[date], rest: list[date]) -> LedgerError:
    source, name = batch.x_source, batch.provenance.source_url
    more = f"; its other months come with `costcheck bill pull {source} --from {rest[0]:%Y-%m}`" if rest else ""
    return LedgerError(
        f"{name} holds {_named(there)} of {source}, which `costcheck bill pull` has read already",
        expected="each month of a bill from one place",
        action=f"leave {name} out: the ledger has these months, in more detail{more}; the bill of another "
        "organisation needs a ledger of its own (--ledger)",
    )


def _file_was_first(batch: BillBatch, there: list[date], names: list[str], last: date) -> LedgerError:
    source = batch.x_source
    forget = " and ".join(f"`costcheck bill forget {source} {quote(name)}`" for name in names)
    after = f"{last.year + last.month // 12}-{last.month % 12 + 1:02}"
    return LedgerError(
        f"{source} {_named(there)} is in the ledger already, from {', '.join(names)}",
        expected="each month of a bill from one place",
        action=f"keep what is there, and give --from {after}; or run {forget}, and pull every month of it",
    )


def _named(months: list[date]) -> str:
    first, last = f"{months[0]:%Y-%m}", f"{months[-1]:%Y-%m}"
    return first if first == last else f"{first} to {last}"
