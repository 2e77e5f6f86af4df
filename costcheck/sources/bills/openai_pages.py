"""Pages of OpenAI's organisation endpoints that somebody saved to a file, for who may not hand out an admin key.

The file holds whole pages as the endpoints answered them, one after the other (`curl ... >> pages.jsonl`), plain or
gzip. Each result names its kind in `object`: `organization.usage.completions.result`, `organization.costs.result`.
"""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from costcheck.errors import InputFileError
from costcheck.records import BillBatch, Provenance
from costcheck.sources.bills.json_lines import first_bytes
from costcheck.sources.bills.openai import COMPLETIONS, COSTS, SIDE_OPERATIONS, Page, normalise_bill
from costcheck.sources.bills.pages import FetchedPage

ONE_ORGANISATION = True
"""What it holds is all of the bill, as a pull of those months is, see `refuse_the_other_way`."""
GZIP_MAGIC = b"\x1f\x8b"
BLANK = re.compile(r"\s*")
PAGE = re.compile(rb'"object"\s*:\s*"(page|bucket|organization\.)')
KINDS = {"organization.costs.result": COSTS} | {
    f"organization.usage.{kind}.result": kind for kind in (COMPLETIONS, *SIDE_OPERATIONS)
}


class _Named(msgspec.Struct, frozen=True):
    object: str


def recognises(path: Path) -> bool:
    """Return whether a file begins like a page of OpenAI's."""
    head = first_bytes(path)
    return head.lstrip().startswith(b"{") and PAGE.search(head) is not None


def read(path: Path, provenance: Provenance) -> BillBatch:
    """Return the pages of a file as one batch, read like pages from the API.

    Raises:
        InputFileError: It cannot be read, is no JSON, or is cut off.
        SourcePayloadError: A page is not the documented page, or its results are of several kinds.
    """
    # By name and not by digest: a longer file replaces the one it continues.
    bucket = f"file:{path.name}"
    pages = [
        FetchedPage(bucket=bucket, kind=kind, page=page)
        for number, page in enumerate(_pages(path), start=1)
        for kind in _kinds(path, number, page)
    ]
    return normalise_bill(pages, (bucket,), provenance)


def _pages(path: Path) -> Iterator[Page]:
    text, decoder = _text(path), json.JSONDecoder()
    position = number = 0
    while position < len(text):
        number += 1
        try:
            _, end = decoder.raw_decode(text, position)
            yield msgspec.json.decode(text[position:end].encode(), type=Page)
        except (json.JSONDecodeError, msgspec.MsgspecError) as exc:
            message = f"{path.name}, page {number}: {exc}"
            raise _unusable(message) from exc
        blank = BLANK.match(text, end)
        position = blank.end() if blank else end


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if content.startswith(GZIP_MAGIC) else content
        return content.decode().strip()
    except (OSError, EOFError, UnicodeDecodeError) as exc:
        message = f"{path.name} cannot be read: {exc}"
        raise _unusable(message) from exc


def _kinds(path: Path, number: int, page: Page) -> list[str]:
    names = {_name(path, number, raw) for bucket in page.data for raw in bucket.results}
    if len(names) > 1 or not names <= KINDS.keys():
        message = f"{path.name}, page {number} holds {', '.join(sorted(names))}"
        raise _unusable(message)
    return [KINDS[name] for name in names]


def _name(path: Path, number: int, raw: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(raw, type=_Named).object
    except msgspec.MsgspecError as exc:
        message = f"{path.name}, page {number}: {exc}"
        raise _unusable(message) from exc


def _unusable(message: str) -> InputFileError:
    return InputFileError(
        message,
        expected="whole pages of organization/usage/... or organization/costs, each of one kind",
        action="save the pages again, or use `costcheck bill pull openai`; the ledger is untouched",
    )
