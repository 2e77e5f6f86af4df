"""Whether a key sees the organisation whose other months the ledger holds: told by projects, workspaces and keys."""

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from costcheck.errors import LedgerError
from costcheck.ingest.losing import owners_of
from costcheck.ledger import Ledger, open_ledger
from costcheck.ledger.retention import MARK, PULLED
from costcheck.records import BillBatch
from costcheck.sources.bills.windows import bucket_window

Owner = tuple[str, str]
"""What it is, `sub_account_id` or `x_api_key_id`, and its name."""
ACCOUNT = re.compile(r"[#/](\d{12})$")
"""The account at the end of a place that was asked, as AWS's sources write it."""


def owners_by_month(path: Path, source: str) -> dict[str, set[Owner]]:
    """Return the owners of each month that was pulled; months without, or of which they are redacted, left out."""
    held: dict[str, set[Owner]] = {}
    if path.exists():
        with open_ledger(path, read_only=True) as ledger:
            pulled = [
                row.x_bucket for row in ledger.ingests() if row.x_source == source and PULLED.fullmatch(row.x_bucket)
            ]
            for bucket, kind, owner in ledger.owners_by_bucket(source, pulled):
                if not owner.startswith(MARK):
                    held.setdefault(bucket, set()).add((kind, owner))
    return held


def is_the_ledgers(
    held: Mapping[str, AbstractSet[Owner]], batch: BillBatch, read: Callable[[str], BillBatch | None]
) -> bool:
    """Return whether a month has an owner in common with the source's months in the ledger; False where none is told.

    Projects and keys come and go, all of them at once where a company puts them in new order. Then the nearest month
    of the ledger that the API still reaches is read again: whoever sees its owners there is of the same organisation.

    Args:
        held: The ledger's months before the read, see `owners_by_month`.
        batch: The month.
        read: Reads the month of the ledger with that name again, with the same key; None where the API no
            longer reaches it.

    Raises:
        LedgerError: Not even that month has one: the key is another organisation's; or there is none to read.
    """
    (bucket,) = batch.buckets
    known = {owner for owners in held.values() for owner in owners}
    came = _owners(batch)
    if not known or (not came and bucket in held):
        return False
    if known & came:
        return True
    start = bucket_window(bucket).start
    for nearest in sorted(held, key=lambda month: (abs(bucket_window(month).start - start), month)):
        again = batch if nearest == bucket else read(nearest)
        if again is None:
            continue
        if known & _owners(again):
            return True
        raise _another(batch, nearest, min(held[nearest]), sorted(held))
    if came:
        raise _out_of_reach(batch, min(came), min(known), sorted(held))
    return False


def _another(batch: BillBatch, nearest: str, owner: Owner, held: list[str]) -> LedgerError:
    source, (bucket,) = batch.x_source, batch.buckets
    came = min(_owners(batch), default=("", "no project, workspace or API key"))
    return LedgerError(
        f"{source} {bucket} came for {came[1]}, and the ledger's months of {source} are of others: {nearest}, asked "
        f"for with this key, has no project, workspace or API key of the ledger's ({owner[1]})",
        expected="one organisation in a ledger",
        action="check whose key it is; another organisation needs a ledger of its own (--ledger); if the ledger "
        f"holds the wrong one, {_forget(source, held)} first",
    )


def _out_of_reach(batch: BillBatch, came: Owner, owner: Owner, held: list[str]) -> LedgerError:
    source, (bucket,) = batch.x_source, batch.buckets
    return LedgerError(
        f"{source} {bucket} came for {came[1]}, and the ledger's of {source} are of others ({owner[1]}); the API no "
        "longer reaches them, so that nothing shows whether this key is of the same organisation",
        expected="one organisation in a ledger",
        action="check whose key it is; put what comes now into a ledger of its own (--ledger), or, if the ledger's "
        f"may go, {_forget(source, held)} first",
    )


def _forget(source: str, held: list[str]) -> str:
    more = f" (and {', '.join(held[1:])})" if len(held) > 1 else ""
    return f"`costcheck bill forget {source} {held[0]}`{more}"


def _owners(batch: BillBatch) -> set[Owner]:
    return {(kind, owner) for _, kind, owner in owners_of(batch)}


def refuse_another_account(ledger: Ledger, batch: BillBatch) -> None:
    """Do nothing unless other months of the source were asked of other AWS accounts alone.

    Raises:
        LedgerError: They were, so that two accounts would make one bill.
    """
    came = _accounts(batch.provenance.source_url)
    held = {
        account
        for row in ledger.ingests()
        if row.x_source == batch.x_source and row.x_bucket not in batch.buckets and row.row_count
        for account in _accounts(row.source_url)
    }
    if came and held and not came & held:
        message = (
            f"{batch.x_source} {', '.join(batch.buckets)} came from the AWS account {', '.join(sorted(came))}, and "
            f"the ledger's other months from {', '.join(sorted(held))}"
        )
        raise LedgerError(
            message,
            expected="one account in a ledger",
            action="use the credentials of that account; another account needs a ledger of its own (--ledger), or "
            "read both with `costcheck bill pull aws-export`, which tells accounts apart",
        )


def _accounts(source_url: str) -> set[str]:
    return {found[1] for place in source_url.split() if (found := ACCOUNT.search(place))}
