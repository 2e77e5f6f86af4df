"""Bedrock's model invocation log; every record here is constructed."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from costcheck.errors import InputFileError, SourcePayloadError
from costcheck.records import BillBatch, Operation, Provenance
from costcheck.sources.bills import bedrock_logs
from costcheck.sources.bills.bedrock_logs import recognises

PROFILE = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3"
PROMPT = "my password is hunter2"
Record = dict[str, Any]


def record(**changes: Any) -> Record:  # noqa: ANN401 - any field
    counts: Record = {"inputTokenCount": 100, "outputTokenCount": 20}
    counts |= {name: changes.pop(name) for name in list(changes) if name.endswith("TokenCount")}
    known = {name: value for name, value in counts.items() if value is not ...}
    default = {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": "2026-10-01T12:00:05Z",
        "accountId": "111122223333",
        "region": "us-east-1",
        "requestId": "r-1",
        "operation": "Converse",
        "modelId": "us.anthropic.claude-opus-5-5",
        "input": {
            "inputBodyJson": {"messages": [{"content": [{"text": PROMPT}]}]},
            **{name: value for name, value in known.items() if name != "outputTokenCount"},
        },
        "output": {
            "outputBodyJson": {"output": {"message": {"content": [{"text": PROMPT}]}}},
            **{name: value for name, value in known.items() if name == "outputTokenCount"},
        },
    }
    merged = default | changes
    return {name: value for name, value in merged.items() if value is not ...}


Read = Callable[..., BillBatch]


@pytest.fixture
def read(tmp_path: Path, provenance: Provenance) -> Read:
    def from_file(*records: Record) -> BillBatch:
        path = tmp_path / "log.json.gz"
        path.write_bytes(gzip.compress(b"\n".join(json.dumps(one).encode() for one in records)))
        assert recognises(path)
        return bedrock_logs.read(path, provenance)

    return from_file


def test_calls_are_summed_by_the_minute(payloads: Path, provenance: Provenance) -> None:
    batch = bedrock_logs.read(payloads / "aws_bills" / "invocations.jsonl", provenance)

    (row,) = batch.usage
    assert (row.uncached_input_tokens, row.cache_read_input_tokens, row.cache_creation_5m_input_tokens) == (
        107,
        900,
        50,
    )
    assert (row.output_tokens, row.requests) == (23, 2)
    assert (row.charge_period_start, row.charge_period_end - row.charge_period_start) == (
        datetime(2026, 10, 1, 12, tzinfo=UTC),
        timedelta(minutes=1),
    )
    assert [(aside.reason, aside.row_count) for aside in batch.set_aside] == [("failed request", 1)]
    assert batch.charges == ()


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_record_reads_alike_plain_or_packed_on_one_line_or_many(
    tmp_path: Path, provenance: Provenance, indent: int | None, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(pack(json.dumps(record(), indent=indent).encode()))

    assert recognises(path)
    assert bedrock_logs.read(path, provenance).usage[0].uncached_input_tokens == 100


def test_prompts_and_answers_are_nowhere(read: Read) -> None:
    batch = read(record(), record(requestId="r-2", inputTokenCount=-1), record(requestId="r-3", timestamp="soon"))

    assert len(batch.quarantined) == 2
    assert PROMPT not in repr(batch)


def test_a_quarantined_record_keeps_names_and_counts(read: Read) -> None:
    (row,) = read(record(), record(requestId="r-2", inputTokenCount=-1)).quarantined

    assert row.reason == "inputTokenCount is -1"
    kept = json.loads(row.raw)
    assert (kept["request_id"], kept["inputTokenCount"], kept["outputTokenCount"]) == ("r-2", -1, 20)
    assert json.loads(row.context) == {"record": 2}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"inputTokenCount": ...}, "no inputTokenCount"),
        ({"outputTokenCount": ...}, "no outputTokenCount"),
        ({"inputTokenCount": -1}, "inputTokenCount is -1"),
        ({"cacheReadInputTokenCount": -1}, "cacheReadInputTokenCount is -1"),
        ({"inputTokenCount": "100"}, "Expected `int"),
        ({"inputTokenCount": 1.5}, "Expected `int"),
        ({"inputTokenCount": 10**30}, "inputTokenCount is 1"),
        ({"modelId": ...}, "missing required field `modelId`"),
        ({"modelId": ""}, "without a time zone, a requestId or a modelId"),
        ({"requestId": ""}, "without a time zone, a requestId or a modelId"),
        ({"timestamp": "2026-10-01T12:00:05"}, "without a time zone"),
        ({"timestamp": "yesterday"}, "Invalid RFC3339"),
        ({"schemaType": "Something"}, "schemaType is 'Something'"),
        ({"input": "text"}, "Expected `object"),
    ],
)
def test_a_record_that_cannot_be_right_is_quarantined(read: Read, changes: Record, problem: str) -> None:
    batch = read(record(requestId="good"), record(**changes))

    assert len(batch.usage) == 1
    assert batch.usage[0].requests == 1
    assert [problem in row.reason for row in batch.quarantined] == [True]


def test_a_file_without_one_readable_record_is_refused(read: Read) -> None:
    with pytest.raises(SourcePayloadError, match="none of 1 rows could be read"):
        read(record(inputTokenCount=-1))


def test_a_record_that_comes_twice_counts_once(read: Read) -> None:
    batch = read(record(), record())

    assert batch.usage[0].requests == 1
    assert [(aside.reason, aside.row_count) for aside in batch.set_aside] == [("the same row a second time", 1)]


def test_an_application_inference_profile_is_kept_as_a_tag(read: Read) -> None:
    (row,) = read(record(modelId=PROFILE)).usage

    assert f"inference-profile:{PROFILE}" in row.tags
    assert row.request_model == PROFILE


def test_account_and_region_are_kept(read: Read) -> None:
    (row,) = read(record()).usage

    assert (row.sub_account_id, row.tags) == ("111122223333", ("region:us-east-1",))


def test_moments_in_another_time_zone_are_utc(read: Read) -> None:
    (row,) = read(record(timestamp="2026-11-01T01:30:59+02:00")).usage

    assert row.charge_period_start == datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    assert row.charge_period_start.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("changes", "usage"),
    [
        ({"errorCode": "ThrottlingException", "inputTokenCount": ..., "outputTokenCount": ...}, 0),
        ({"errorCode": "ThrottlingException", "outputTokenCount": ...}, 0),
        ({"errorCode": "ThrottlingException", "outputTokenCount": 0}, 0),
        ({"errorCode": "ThrottlingException", "output": None}, 0),
        ({"errorCode": "ThrottlingException", "input": None, "output": None}, 0),
        ({"errorCode": "ModelStreamErrorException", "outputTokenCount": 5}, 1),
        ({"modelId": "amazon.nova-canvas-v1:0", "inputTokenCount": ..., "outputTokenCount": ...}, 0),
        ({"modelId": "amazon.titan-embed-text-v2:0", "outputTokenCount": ...}, 1),
    ],
)
def test_what_counts_no_tokens_is_set_aside_and_what_does_is_kept(read: Read, changes: Record, usage: int) -> None:
    batch = read(record(requestId="good", modelId="amazon.nova-pro-v1:0"), record(**changes))

    assert len(batch.usage) - 1 == usage
    assert sum(aside.row_count for aside in batch.set_aside) == 1 - usage


def test_a_call_that_failed_is_told_as_such_and_one_without_output_that_did_not_is_quarantined(read: Read) -> None:
    failed = record(requestId="failed", errorCode="ThrottlingException", output=None)
    batch = read(record(), failed, record(requestId="odd", output=None))

    assert [(aside.reason, aside.row_count) for aside in batch.set_aside] == [("failed request", 1)]
    assert [row.reason for row in batch.quarantined] == ["no outputTokenCount"]


def test_embeddings_are_no_chat(read: Read) -> None:
    (row,) = read(record(modelId="amazon.titan-embed-text-v2:0", outputTokenCount=...)).usage

    assert (row.operation, row.output_tokens) == (Operation.EMBEDDINGS, 0)


def test_a_new_field_changes_nothing(read: Read) -> None:
    assert read(record(somethingNew={"deep": [1, 2]})).usage[0].uncached_input_tokens == 100


def test_a_cut_file_is_refused_whole(tmp_path: Path, provenance: Provenance) -> None:
    path = tmp_path / "log.jsonl"
    text = f"{json.dumps(record())}\n{json.dumps(record(requestId='r-2'))}"
    path.write_text(text[:-10], encoding="utf-8")

    with pytest.raises(InputFileError, match="record 2"):
        bedrock_logs.read(path, provenance)


def test_a_body_of_many_megabytes_is_skipped(read: Read) -> None:
    big = record()
    big["input"]["inputBodyJson"] = {"text": "x" * 20_000_000}

    assert read(big).usage[0].uncached_input_tokens == 100
