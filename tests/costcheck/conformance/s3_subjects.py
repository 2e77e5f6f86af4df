"""An export on S3, with a healthy bucket for the suite: a page of rows is a file of the delivery."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from costcheck.conformance import Answer, Asked, PullSubject
from costcheck.conformance.pulls import Pages
from costcheck.conformance.server import Provider
from costcheck.sources.bills import aws_exports
from costcheck.sources.bills.contract import PullRequest
from tests.costcheck.conformance.subjects import DAY, NOW, Row
from tests.costcheck.sources.bills import focus_rows

LOGIN = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
BUCKET, ROOT = "exports", "billing/llm"
MANIFEST = f"{ROOT}/metadata/BILLING_PERIOD=2026-10/llm-Manifest.json"
WRITTEN = "Sun, 01 Nov 2026 12:00:00 GMT"


def cur_line(**changes: object) -> Row:
    """Return a line of the month that the suite asks for."""
    times = {
        "line_item_usage_start_date": "2026-10-01T09:00:00.000Z",
        "line_item_usage_end_date": "2026-10-01T10:00:00.000Z",
    }
    return focus_rows.cur(**times) | changes


def bucket_provider(pages: Pages) -> Provider:
    """Serve a bucket that holds one delivery."""
    files = {f"{ROOT}/data/BILLING_PERIOD=2026-10/llm-{n:05}.csv": _csv(rows) for n, rows in enumerate(pages)}
    manifest = json.dumps({"dataFiles": [f"s3://{BUCKET}/{key}" for key in files] if any(pages) else []}).encode()
    objects = {MANIFEST: manifest} | files

    def serve(asked: Asked) -> Answer:
        key = unquote(asked.path).removeprefix(f"/{BUCKET}").lstrip("/")
        if not key:
            return Answer(body=_listing(objects), headers={"content-type": "application/xml"})
        if key not in objects:
            return Answer(body=b"", status=404)
        return Answer(body=objects[key], headers={"etag": _etag(objects[key]), "last-modified": WRITTEN})

    return serve


def _csv(rows: Sequence[Row]) -> bytes:
    columns = list(dict.fromkeys(name for row in (*rows, cur_line()) for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _listing(objects: Mapping[str, bytes]) -> bytes:
    rows = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2026-11-01T12:00:00.000Z</LastModified>"
        f"<ETag>{_etag(content)}</ETag><Size>{len(content)}</Size></Contents>"
        for key, content in objects.items()
        if key.startswith(f"{ROOT}/metadata/")
    )
    return f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()


def s3_request(url: str) -> PullRequest:
    """Return the request of one month, of the bucket at `url`."""
    options = {"endpoint-url": url, "export": f"s3://{BUCKET}/{ROOT}"}
    return PullRequest(windows=(DAY,), now=NOW, environ=LOGIN, options=options)


S3_SUBJECTS: Mapping[str, PullSubject] = {
    "aws-export": PullSubject(
        module=aws_exports,
        request=s3_request,
        provider=bucket_provider,
        rows=tuple(cur_line(line_item_usage_account_id=str(number)) for number in range(3)),
        read=2,
        doubles=False,
        # What is wrong in other columns is tried with the files (`cur (CSV)`): one reader reads both.
        optional=frozenset(cur_line()) - {"line_item_unblended_cost", "line_item_usage_amount"},
        numbered=lambda row, number: row | {"line_item_usage_account_id": str(number + 10)},
    )
}
