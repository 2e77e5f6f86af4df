"""Two sources of one company's Bedrock in one ledger: what both count is seen, what each adds is not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from costcheck.ledger import Ledger, open_ledger
from costcheck.records import BillBatch, Provenance
from costcheck.sources.bills import aws_cost_rows, bedrock_logs
from costcheck.sources.bills.aws_cost_rows import Answer, FetchedAnswer
from costcheck.sources.bills.aws_metric_rows import Endpoint, Series, normalise_usage

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "ledger.duckdb") as opened:
        yield opened


def bill(payloads: Path, provenance: Provenance, *, with_usage: bool) -> BillBatch:
    """Return October of Cost Explorer."""
    answers = [
        FetchedAnswer(
            bucket="2026-10",
            kind=kind,
            answer=msgspec.json.decode(
                (payloads / "aws_bills" / f"cost_explorer_{kind}.json").read_bytes(), type=Answer
            ),
        )
        for kind in ("usage", "other")
    ]
    return aws_cost_rows.normalise_bill(answers, ("2026-10",), provenance, with_usage=with_usage)


def load(provenance: Provenance, model_id: str) -> BillBatch:
    """Return October of CloudWatch."""
    series = [
        Series(
            bucket="2026-10",
            region_id="us-east-1",
            endpoint=Endpoint.RUNTIME,
            model_id=model_id,
            metric=metric,
            period_seconds=60,
            values={NOON + timedelta(minutes=number): count for number in range(3)},
        )
        for metric, count in (("InputTokenCount", 100), ("OutputTokenCount", 20), ("Invocations", 2))
    ]
    return normalise_usage(series, ("2026-10",), provenance)


@pytest.mark.parametrize(
    ("model_id", "model"),
    [
        ("us.anthropic.claude-opus-5-5", "anthropic.claude-opus-5-5"),
        ("anthropic.claude-opus-5-5", "anthropic.claude-opus-5-5"),
        ("global.anthropic.claude-sonnet-4-6", "global.anthropic.claude-sonnet-4-6"),
        ("eu.amazon.nova-pro-v1:0", "amazon.nova-pro"),
    ],
)
def test_the_same_tokens_of_bill_and_metrics_are_seen_to_overlap(
    ledger: Ledger, payloads: Path, provenance: Provenance, model_id: str, model: str
) -> None:
    ledger.replace(bill(payloads, provenance, with_usage=True))
    ledger.replace(load(provenance, model_id))

    (overlap,) = ledger.overlaps()
    assert (overlap.first[0], overlap.second[0], overlap.request_model) == ("aws", "bedrock-metrics", model)


def test_money_of_the_bill_and_load_of_the_metrics_stand_together(
    ledger: Ledger, payloads: Path, provenance: Provenance
) -> None:
    ledger.replace(bill(payloads, provenance, with_usage=False))
    ledger.replace(load(provenance, "us.anthropic.claude-opus-5-5"))

    assert ledger.overlaps() == ()
    (hour,) = ledger.usage_by_hour()
    assert (hour.requests, hour.peak_minute_requests) == (6, 2)
    models = {row.x_gen_ai_request_model for row in ledger.charges_by_month()}
    assert hour.request_model in models


def test_the_log_and_the_metrics_are_seen_to_overlap(ledger: Ledger, payloads: Path, provenance: Provenance) -> None:
    ledger.replace(bedrock_logs.read(payloads / "aws_bills" / "invocations.jsonl", provenance))
    ledger.replace(load(provenance, "us.anthropic.claude-opus-5-5"))

    assert len(ledger.overlaps()) == 1


def test_reading_a_month_again_replaces_it(ledger: Ledger, payloads: Path, provenance: Provenance) -> None:
    batch = bill(payloads, provenance, with_usage=True)
    ledger.replace(batch)
    before = ledger.usage_by_hour(), ledger.charges_by_month()
    ledger.replace(replace(batch))

    assert (ledger.usage_by_hour(), ledger.charges_by_month()) == before
