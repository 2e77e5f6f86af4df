import json
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given

from costcheck.errors import InputFileError
from costcheck.facts import data_file
from costcheck.verdict import Decision, decision_schema, decode_decision, encode, read_decision
from tests.costcheck import builders
from tests.costcheck.report.strategies import decisions

SCHEMA = json.loads(decision_schema())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@given(decision=decisions())
def test_a_decision_survives_the_way_through_json(decision: Decision) -> None:
    assert decode_decision(encode(decision), "here") == decision


@given(decision=decisions())
def test_every_decision_follows_the_published_schema(decision: Decision) -> None:
    VALIDATOR.validate(json.loads(encode(decision)))


def test_the_published_schema_is_current() -> None:
    committed = data_file("schema", "decision.schema.json").read_bytes()
    assert committed == decision_schema(), "run scripts/build_schemas.py"


def test_the_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_refuses_a_decision_without_a_verdict() -> None:
    content = json.loads(encode(builders.decision()))
    del content["verdict"]
    with pytest.raises(jsonschema.ValidationError, match="verdict"):
        jsonschema.validate(content, SCHEMA)


def test_the_schema_refuses_a_verdict_that_is_none_of_the_four() -> None:
    content = json.loads(encode(builders.decision())) | {"verdict": "maybe"}
    with pytest.raises(jsonschema.ValidationError, match="maybe"):
        jsonschema.validate(content, SCHEMA)


def test_equal_decisions_give_equal_bytes() -> None:
    turned = builders.decision(input_digests={"prices": "b" * 64, "inputs": "a" * 64})
    assert encode(turned) == encode(builders.decision())


def test_money_is_written_as_text_and_stays_exact() -> None:
    content = encode(builders.decision(addressable_bill_usd=Decimal("0.1000000000000000000001")))
    assert b'"addressable_bill_usd": "0.1000000000000000000001"' in content


def test_json_ends_with_one_newline() -> None:
    assert encode(builders.decision()).endswith(b"}\n")


@pytest.mark.parametrize(("version", "action"), [(2, "upgrade costcheck"), (0, "run `costcheck decide` again")])
def test_another_schema_version_is_refused(version: int, action: str) -> None:
    with pytest.raises(InputFileError, match=rf"current\.json has schema_version {version}") as caught:
        decode_decision(encode(builders.decision(schema_version=version)), "current.json")
    assert action in caught.value.action


def test_a_newer_decision_of_another_shape_is_told_from_what_is_no_decision() -> None:
    with pytest.raises(InputFileError, match=r"current\.json has schema_version 2"):
        decode_decision(b'{"schema_version": 2, "verdict": {"answer": "wait"}}', "current.json")


def test_importing_the_contract_loads_nothing_heavy() -> None:
    script = "import sys, costcheck.verdict; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)  # noqa: S603 - our own code
    heavy = {"numpy", "duckdb", "boto3", "botocore", "httpx2", "genai_prices", "click", "rich", "jinja2"}
    assert not heavy & set(loaded.stdout.split())


@pytest.mark.parametrize(
    "content", [b"", b"<html></html>", b'{"schema_version": 1}', b"null", b'{"verdict": "yes"}', b'{"\xff']
)
def test_what_is_no_decision_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(InputFileError, match=r"current\.json is not a decision"):
        decode_decision(content, "current.json")


@pytest.mark.parametrize(
    "changes",
    [{"monthly_ceiling_usd": "Infinity"}, {"monthly_ceiling_usd": "NaN"}, {"maximum_nodes": {"g6.xlarge/spot": -1}}],
)
def test_a_ceiling_that_is_none_is_refused(changes: dict[str, object]) -> None:
    content = json.loads(encode(builders.self_host()))
    content["allowance"] |= changes
    with pytest.raises(InputFileError, match=r"current\.json is not a decision"):
        decode_decision(json.dumps(content).encode(), "current.json")


def test_a_cut_document_is_refused() -> None:
    whole = encode(builders.decision())
    with pytest.raises(InputFileError, match="is not a decision"):
        decode_decision(whole[: len(whole) // 2], "current.json")


def test_a_file_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "current.json"
    path.write_bytes(encode(builders.self_host()))
    assert read_decision(path) == builders.self_host()


def test_a_missing_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="cannot be read") as caught:
        read_decision(tmp_path / "current.json")
    assert "costcheck decide" in caught.value.action


def test_an_option_is_found_by_its_id() -> None:
    assert builders.decision().option("api_batch").label == "API, night jobs in batch"
    with pytest.raises(KeyError):
        builders.decision().option("none such")


def test_a_decision_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        builders.decision().as_of = date(2026, 9, 1)  # type: ignore[misc]
