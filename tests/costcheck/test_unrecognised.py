"""A file that is no bill is called what it is; every file here is constructed."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from costcheck.errors import InputFileError
from costcheck.ingest import recognise


def archive(name: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as opened:
        opened.writestr(zipfile.ZipInfo(name), "<workbook/>")  # no clock: each worker must see the same test
    return target.getvalue()


LINES = b'{"a": 1}\n' * 1000
ZIPPED = gzip.compress(LINES, mtime=0)


@pytest.mark.parametrize(
    ("content", "seen", "action"),
    [
        (b"%PDF-1.7\n%...", "is a PDF", "`costcheck bill template`"),
        (archive("xl/workbook.xml"), "is an Excel workbook", "CSV"),
        (archive("invoices.csv"), "is a ZIP file", "unpack"),
        (archive("xl/workbook.xml")[:40], "is cut short: a ZIP file", "fetch it again"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old Office file", "CSV"),
        ("month,amount".encode("utf-16"), "is text in UTF-16", "UTF-8"),
        (b"", "is empty", "export it again"),
        (b"\r\n \n", "is empty", "export it again"),
        (ZIPPED[:-9], "is cut short: a gzip file", "fetch it again"),
        (ZIPPED + ZIPPED[:-9], "is cut short: a gzip file", "fetch it again"),
        (ZIPPED, "is no bill that is known here", "--format"),
        (ZIPPED * 2, "is no bill that is known here", "--format"),
        (b"\x1f\x8b no gzip at all", "is no bill that is known here, and it cannot be read", "fetch it again"),
        (b"PAR1 and then nothing", "is cut short: a Parquet file", "fetch it again"),
        (b"PAR1", "is cut short: a Parquet file", "fetch it again"),
        (b"Datum;Betrag\r\n1;2\r\n", "is a table with semicolons", "`costcheck bill template`"),
        (
            b"Monat;Betrag\r\n2026-09;2\r\n",
            "is nearly a list of invoices: it has month, amount, and no column provider and none currency",
            "`costcheck bill template`",
        ),
        (
            b"amount,currency_code,vendor_name,cost_center,model\n",
            "is nearly a list of invoices: it has amount, model, and no column provider and none currency",
            "add them",
        ),
        (b"a,b\n1,2\n", "is no bill that is known here", "--format"),
        (
            b"request_id,startTime,model,cost,prompt_tokens,completion_tokens\n",
            "is nearly LiteLLM's spend log: it has no column spend",
            "export it with these names",
        ),
        (
            b"request_id,startTime,model,spend,prompt_tokens,completion_tokens\nr1,t,m,1,2,3\nr2,t,m,1,2,3,4,5\n",
            "is nearly LiteLLM's spend log: a line of it has other cells than the header",
            "export it again",
        ),
        (
            b"Date,MeterCategory,MeterSubCategory,MeterName,UnitOfMeasure,Quantity,CostInBillingCurrency\n",
            "is a cost and usage file of Azure",
            "`costcheck bill pull azure`",
        ),
    ],
)
def test_a_file_that_is_no_bill_is_called_what_it_is(tmp_path: Path, content: bytes, seen: str, action: str) -> None:
    path = tmp_path / "mine"
    path.write_bytes(content)
    with pytest.raises(InputFileError) as caught:
        recognise(path)
    assert caught.value.seen.startswith(f"mine {seen}")
    assert action in caught.value.action
    assert caught.value.expected.startswith("one of bedrock-logs, ")
    assert len(caught.value.expected) < 250
