"""CUR 2.0 and FOCUS exports that AWS Data Exports puts on S3: the months asked for, fetched and read here.

https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html, read 2026-11-26: files lie under
`PREFIX/EXPORT/data/BILLING_PERIOD=YYYY-MM/` (FOCUS exports write `billing_period`), a manifest of each month under
`PREFIX/EXPORT/metadata/BILLING_PERIOD=YYYY-MM/`, written last and naming the files that count. An export that keeps
every delivery has a folder for each below: a listing of files would count a month many times, so that only the
manifest is believed, the newest of a month. AWS refreshes a month until two weeks after its end.

The files of one month at a time lie in a folder that is gone afterwards; what reads CUR and FOCUS files reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from costcheck.errors import InputFileError, SourceError, SourcePayloadError, UsageError
from costcheck.records import BillBatch, Provenance
from costcheck.sources.bills import cur, focus
from costcheck.sources.bills.aws_clients import open_client, require_login
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.engine_read import EngineRead, missing
from costcheck.sources.bills.joined import joined
from costcheck.sources.bills.refreshed import REFRESHED_FOR, marked
from costcheck.sources.bills.windows import Window
from costcheck.sources.exports.duckdb_parts import open_parts
from costcheck.sources.exports.manifests import data_files
from costcheck.sources.prices.aws_calls import error_code, translated_errors

SOURCE = "aws-export"
LIST_ACTION = "s3:ListBucket"
GET_ACTION = "s3:GetObject"
DEFAULT_REGION = "us-east-1"
"""Only where a request begins: S3 says where a bucket is."""
GIB = 1 << 30
MOST_GIB = "20"
SUFFIXES = (".snappy.parquet", ".parquet", ".csv.gz", ".csv")
LOCATION_HELP = "s3://BUCKET/PREFIX/EXPORT, the folder that holds `data` and `metadata`"
_LOCATION = re.compile(r"^s3://(?P<bucket>[^/]+)/(?P<root>.+?)/*$")
_PERIOD = re.compile(r"/metadata/billing_period=(?P<month>\d{4}-\d{2})/(?:.+/)?[^/]*Manifest\.json$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where an export lies.

    Attributes:
        root: `PREFIX/EXPORT`.
    """

    bucket: str
    root: str

    @property
    def url(self) -> str:
        """Return it as the user wrote it."""
        return f"s3://{self.bucket}/{self.root}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The newest manifest of one month."""

    key: str
    etag: str
    written: datetime


def plan(request: PullRequest) -> PullPlan:
    """Return the least number of requests.

    Raises:
        UsageError: There are no credentials, or `--export` is no folder on S3.
    """
    where = _location(request)
    _most_bytes(request)
    require_login(request, GET_ACTION)
    # A listing, a manifest, its check afterwards, and a file at least.
    charge = "what S3 takes for its requests and its transfer"
    return PullPlan(requests=4 * len(request.windows), charge=charge, source_url=where.url)


def _location(request: PullRequest) -> Location:
    given = request.option("export", LOCATION_HELP)
    match = _LOCATION.match(given)
    if match is None:
        message = f"--export is {given!r}"
        raise UsageError(message, expected=LOCATION_HELP, action="mend --export")
    return Location(bucket=match["bucket"], root=match["root"])


def _most_bytes(request: PullRequest) -> int:
    given = request.options.get("max-gib", MOST_GIB)
    if not given.isdecimal() or not int(given):
        message = f"--max-gib is {given!r}"
        raise UsageError(message, expected="a whole number, 1 or more", action=f"give --max-gib {MOST_GIB}")
    return int(given) * GIB


def pull(request: PullRequest) -> BillBatch:
    """Return the windows as one batch; a month without a manifest is an empty one.

    Raises:
        CostcheckError: See `fetch_month` and `read_month`.
    """
    where, most_bytes = _location(request), _most_bytes(request)
    region_id = request.environ.get("AWS_REGION") or request.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    client = open_client(request, "s3", region_id, GET_ACTION)
    manifests = list_manifests(client, where)
    provenance = request.provenance(SOURCE, where.url)
    batches: list[BillBatch] = []
    for window in request.windows:
        if window.bucket in manifests:
            with TemporaryDirectory() as folder:
                files = fetch_month(client, where, manifests[window.bucket], Path(folder), most_bytes=most_bytes)
                request.on_page()
                if files:
                    with _named_as_on_s3(Path(folder), where):
                        batches.append(read_month(Path(folder), window, provenance, now=request.now))
    return joined(SOURCE, request.buckets, batches, provenance)


def list_manifests(client: Any, where: Location) -> dict[str, Manifest]:  # noqa: ANN401 - boto3's
    """Return the newest manifest of each month.

    Raises:
        SourceError: AWS refused or did not answer, or there is no manifest at all.
    """
    newest: dict[str, Manifest] = {}
    with translated_errors(LIST_ACTION):
        asking = client.get_paginator("list_objects_v2").paginate(
            Bucket=where.bucket, Prefix=f"{where.root}/metadata/"
        )
        listed = [row for page in asking for row in page.get("Contents", [])]
    for row in listed:
        match = _PERIOD.search(row["Key"])
        if match is None:
            continue
        found = Manifest(key=row["Key"], etag=row["ETag"], written=row["LastModified"])
        known = newest.get(match["month"])
        if known is None or _age(found) > _age(known):
            newest[match["month"]] = found
    if not newest:
        message = f"{where.url} has no manifest"
        raise SourceError(
            message,
            expected=f"{LOCATION_HELP}, delivered at least once",
            action="check --export against the S3 path of the export in Billing and Cost Management > Data Exports",
        )
    return newest


def _age(manifest: Manifest) -> tuple[datetime, int, str]:
    # S3 tells seconds. Of two, the one in the month's own folder points to the newest delivery; folders are dated.
    return manifest.written, -manifest.key.count("/"), manifest.key


def fetch_month(client: Any, where: Location, manifest: Manifest, folder: Path, *, most_bytes: int) -> int:  # noqa: ANN401 - boto3's
    """Fetch the files that a manifest names into a folder, and return how many there are.

    Raises:
        SourceError: AWS refused, a file is missing, or the export was delivered anew meanwhile.
        SourcePayloadError: The manifest is none, or names files that are not the export's.
        UsageError: They are larger than they may be.
    """
    keys = _keys(_get(client, where, manifest.key), where, manifest)
    sizes = [_head(client, where, key)["ContentLength"] for key in keys]
    if sum(sizes) > most_bytes:
        message = f"{manifest.key} names {sum(sizes) / GIB:.1f} GiB in {len(keys)} files"
        raise UsageError(
            message,
            expected=f"at most {most_bytes // GIB} GiB a month (--max-gib)",
            action="raise --max-gib, or let Athena or Spark read it where it lies (`bill pull cur --engine ...`)",
        )
    for key, size in zip(keys, sizes, strict=True):
        _download(client, where, key, folder / key.removeprefix(f"{where.root}/"), size)
    if _head(client, where, manifest.key)["ETag"] != manifest.etag:
        message = f"{manifest.key} was written anew while its files were read"
        raise SourceError(message, expected="one delivery", action="run it again; the ledger is untouched")
    return len(keys)


def _get(client: Any, where: Location, key: str) -> bytes:  # noqa: ANN401 - boto3's
    with translated_errors(GET_ACTION):
        content: bytes = client.get_object(Bucket=where.bucket, Key=key)["Body"].read()
    return content


def _head(client: Any, where: Location, key: str) -> Mapping[str, Any]:  # noqa: ANN401 - boto3's
    from botocore.exceptions import ClientError  # noqa: PLC0415 - slow to load

    with translated_errors(GET_ACTION):
        try:
            answer: Mapping[str, Any] = client.head_object(Bucket=where.bucket, Key=key)
        except ClientError as exc:
            if error_code(exc) not in {"404", "NoSuchKey", "NotFound"}:
                raise
            message = f"s3://{where.bucket}/{key} is not there, though its manifest names it"
            raise SourceError(
                message, expected="every file of the delivery", action="run it again; it may just be delivered anew"
            ) from exc
    return _documented(answer, ("ETag", "ContentLength"), f"s3://{where.bucket}/{key}")


def _documented(answer: Mapping[str, Any], names: Sequence[str], what: str) -> Mapping[str, Any]:
    """Return S3's answer, its fields there: a proxy's page of HTML has none of them.

    Raises:
        SourcePayloadError: One is missing.
    """
    missing_names = [name for name in names if name not in answer]
    if missing_names:
        message = f"{what}: the answer has no {', '.join(missing_names)}"
        raise SourcePayloadError(
            message, expected="an answer of S3's", action="check --endpoint-url and any proxy in between"
        )
    return answer


def _download(client: Any, where: Location, key: str, to: Path, size: int) -> None:  # noqa: ANN401 - boto3's
    to.parent.mkdir(parents=True, exist_ok=True)
    with translated_errors(GET_ACTION):
        client.download_file(where.bucket, key, str(to))
    if to.stat().st_size != size:
        message = f"s3://{where.bucket}/{key} has {size} bytes, and {to.stat().st_size} came"
        raise SourceError(message, expected="all of them", action="run it again; the ledger is untouched")


def _keys(content: bytes, where: Location, manifest: Manifest) -> list[str]:
    bucket = f"s3://{where.bucket}/"
    keys = [address.removeprefix(bucket) for address in data_files(content, manifest.key)]
    inside = f"{where.root}/data/"
    for key in keys:
        if not key.startswith(inside) or not key.endswith(SUFFIXES) or ".." in key.split("/"):
            message = f"{manifest.key} names {key!r}"
            raise SourcePayloadError(
                message,
                expected=f"Parquet or CSV files under s3://{where.bucket}/{inside}",
                action="check --export; the ledger is untouched",
            )
    return keys


@contextmanager
def _named_as_on_s3(folder: Path, where: Location) -> Iterator[None]:
    """Name a file that cannot be read as it is called on S3: the folder here is gone when the user reads of it."""
    try:
        yield
    except (InputFileError, SourcePayloadError) as exc:
        seen = exc.seen.replace(str(folder), where.url).replace(folder.name, where.url)
        raise type(exc)(seen, expected=exc.expected, action=exc.action) from exc


def read_month(folder: Path, window: Window, provenance: Provenance, *, now: datetime) -> BillBatch:
    """Return the files of one month as one batch; estimated while AWS still refreshes it.

    Raises:
        InputFileError: They are neither CUR 2.0 nor FOCUS, or cannot be read.
        CurrencyError: Language models are billed in another currency than US dollars.
        SourcePayloadError: There are lines, and none could be read.
    """
    from costcheck.sources.bills.cost_parts import read_parts  # noqa: PLC0415 - Ibis takes a second to load
    from costcheck.sources.bills.focus_columns import CUR, FOCUS  # noqa: PLC0415 - the same

    what = EngineRead(source=SOURCE, bucket=window.bucket, provenance=provenance)
    with open_parts(folder, lambda names: (FOCUS.chosen(names), CUR.chosen(names))) as parts:
        found = parts[0].columns
        if not missing(found, focus.REQUIRED):
            batch = read_parts(parts, what, columns=FOCUS, categories=focus.CATEGORIES)
        elif not missing(found, cur.REQUIRED):
            batch = read_parts(parts, what, columns=CUR, categories=cur.CATEGORIES)
        else:
            raise _neither(window, found)
    return marked(batch, is_open=not window.is_whole or now < window.end + REFRESHED_FOR)


def _neither(window: Window, found: Sequence[str]) -> InputFileError:
    lacking = {"CUR 2.0": missing(found, cur.REQUIRED), "FOCUS": missing(found, focus.REQUIRED)}
    name = min(lacking, key=lambda name: len(lacking[name]))
    return InputFileError(
        f"the export of {window.bucket} is neither CUR 2.0 nor FOCUS; for {name} it lacks {', '.join(lacking[name])}",
        expected="an export of CUR 2.0 with all columns, or of FOCUS 1.0 or 1.2",
        action="add the columns to the export's query in Data Exports, wait for its next delivery, and run it again",
    )
