"""Saved pages of OpenAI's endpoints; every page here is constructed."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costcheck.errors import InputFileError
from costcheck.records import BillBatch, Operation, Provenance
from costcheck.sources.bills import openai_pages
from costcheck.sources.bills.openai_pages import recognises

HOUR = 1_772_323_200  # 2026-03-01 00:00 UTC


def page(*results: dict[str, Any]) -> dict[str, Any]:
    bucket = {"object": "bucket", "start_time": HOUR, "end_time": HOUR + 3600, "results": list(results)}
    return {"object": "page", "data": [bucket], "has_more": False, "next_page": None}


def usage(kind: str = "completions", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of the row
    default = {
        "object": f"organization.usage.{kind}.result",
        "input_tokens": 100,
        "output_tokens": 10,
        "num_model_requests": 1,
        "model": "gpt-5.4",
    }
    return default | changes


def cost() -> dict[str, Any]:
    return {
        "object": "organization.costs.result",
        "amount": {"value": 0.06, "currency": "usd"},
        "line_item": "gpt-5.4, input",
        "project_id": "proj_a",
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pages.jsonl"


def read(path: Path, provenance: Provenance, text: str) -> BillBatch:
    path.write_text(text, encoding="utf-8")
    return openai_pages.read(path, provenance)


@pytest.mark.parametrize("between", ["", "\n", "\n\n  "])
@pytest.mark.parametrize("indent", [None, 1])
def test_pages_follow_each_other_however_they_were_saved(
    path: Path, provenance: Provenance, between: str, indent: int | None
) -> None:
    pages = [page(usage()), page(), page(usage("embeddings", model="text-embedding-3-small")), page(cost())]

    batch = read(path, provenance, between.join(json.dumps(one, indent=indent) for one in pages) + between)

    assert {row.operation for row in batch.usage} == {Operation.CHAT, Operation.EMBEDDINGS}
    assert [charge.billed_cost for charge in batch.charges] == [Decimal("0.06")]
    assert batch.buckets == ("file:pages.jsonl",)


def test_gzip_reads_like_plain(path: Path, provenance: Provenance) -> None:
    text = json.dumps(page(usage()))
    plain = read(path, provenance, text)
    path.write_bytes(gzip.compress(text.encode()))

    assert recognises(path)
    assert openai_pages.read(path, provenance) == plain


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<html>Sign in</html>", "page 1: Expecting value"),
        (json.dumps(page(usage())) + json.dumps(page(usage()))[:50], "page 2: "),
        ('{"error": {"message": "Invalid key"}}', "page 1: Object missing required field `data`"),
        (json.dumps(page(usage(), cost())), "page 1 holds organization.costs.result, organization.usage.completions"),
        (json.dumps(page(usage(object="chat.completion"))), r"page 1 holds chat\.completion"),
        (json.dumps(page({"model": "gpt-5.4"})), "page 1: Object missing required field `object`"),
        (json.dumps(page(usage("vector_stores"))), "page 1 holds organization.usage.vector_stores.result"),
    ],
)
def test_what_is_no_page_of_one_kind_is_named_and_refused(
    path: Path, provenance: Provenance, text: str, problem: str
) -> None:
    with pytest.raises(InputFileError, match=rf"pages\.jsonl, {problem}"):
        read(path, provenance, text)


@pytest.mark.parametrize("content", [b"\xff\xfe{", b"\x1f\x8bnot gzip", gzip.compress(b"{" * 99, mtime=0)[:20]])
def test_bytes_that_cannot_be_read_are_refused(path: Path, provenance: Provenance, content: bytes) -> None:
    path.write_bytes(content)

    assert not recognises(path)
    with pytest.raises(InputFileError, match="cannot be read"):
        openai_pages.read(path, provenance)


def test_pages_without_results_are_an_empty_batch(path: Path, provenance: Provenance) -> None:
    assert read(path, provenance, json.dumps(page())).is_empty


def test_a_table_is_not_taken_for_pages(path: Path) -> None:
    path.write_text("month,provider,amount,currency\n", encoding="utf-8")

    assert not recognises(path)
