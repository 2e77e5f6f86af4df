"""The gate's answer for machines: JUnit, SARIF, and the JSON with its schema."""

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from costcheck.facts import data_file
from costcheck.gate.result import GateResult, Outcome, Status, result_schema
from costcheck.report.gate_junit import render_junit
from costcheck.report.gate_sarif import render_sarif
from costcheck.verdict import encode
from tests.costcheck.gate import results as built
from tests.costcheck.report.gate_strategies import results


def suite(result: GateResult) -> ET.Element:
    (only,) = ET.fromstring(render_junit(result).encode())  # noqa: S314 - we wrote it
    return only


def sarif(result: GateResult) -> dict[str, Any]:
    (run,) = json.loads(render_sarif(result))["runs"]
    return dict(run)


def asked(result: GateResult, outcome: Outcome) -> int:
    return sum(check.outcome is outcome for check in result.checks)


def unknown(result: GateResult) -> int:
    return sum(row.status is Status.UNKNOWN for row in result.resources)


@given(result=results)
def test_junit_is_xml_with_one_test_a_check_a_resource_of_unknown_cost_and_a_notice(result: GateResult) -> None:
    found = suite(result)
    allowed = result.outcome is Outcome.ALLOWED
    expected = {
        "tests": len(result.checks) + unknown(result) + len(result.notices),
        "failures": asked(result, Outcome.DENIED),
        "errors": asked(result, Outcome.CANNOT_DECIDE) + (0 if allowed else unknown(result)),
        "skipped": len(result.notices) + (unknown(result) if allowed else 0),
    }
    assert {name: int(found.attrib[name]) for name in expected} == expected
    counted = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    assert {name: len(found.findall(f"testcase/{tag}")) for name, tag in counted.items()} == {
        name: expected[name] for name in counted
    }
    assert len(found.findall("testcase")) == expected["tests"]


def test_a_failure_says_what_was_seen_what_is_needed_and_what_to_do() -> None:
    (failure,) = suite(built.result(checks=(built.check(),))).iter("failure")
    assert failure.attrib["message"] == built.check().seen
    assert failure.text == f"needed: {built.check().needed}\nto do: {built.check().to_do}"


@pytest.mark.parametrize("letter", ["\x00", "\x0b", "\x1b", "\ud800", "\ufffe", "\uffff", "\x85"])
def test_a_letter_that_xml_forbids_is_no_part_of_the_document(letter: str) -> None:
    check = built.check(name=f"a{letter}b", subject=letter, seen=f"a{letter}b", needed=letter, to_do=letter)
    found = suite(built.result(checks=(check,), project=f"x{letter}y"))
    assert found.attrib["name"] == "x y/dev"
    assert found[0].attrib["name"].startswith("a b")


@given(result=results)
def test_sarif_has_one_result_a_failed_check_a_resource_of_unknown_cost_and_a_notice(result: GateResult) -> None:
    run = sarif(result)
    failed = asked(result, Outcome.DENIED) + asked(result, Outcome.CANNOT_DECIDE)
    levels = [row["level"] for row in run["results"]]
    last = "note" if result.outcome is Outcome.ALLOWED else "error"
    assert levels == ["error"] * failed + [last] * unknown(result) + ["warning"] * len(result.notices)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    assert {row["ruleId"] for row in run["results"]} == set(rules)


def test_that_there_are_no_limits_is_a_note_and_no_warning_in_sarif() -> None:
    levels = {
        row["ruleId"]: row["level"]
        for row in sarif(built.result(notices=(built.NO_LIMITS, built.NO_WAIVER)))["results"]
    }
    assert (levels["limits"], levels["ignored"]) == ("note", "warning")


@given(result=results)
def test_no_name_becomes_a_link_in_a_sarif_message(result: GateResult) -> None:
    for row in sarif(result)["results"]:
        assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]]", row["message"]["text"])


@given(result=results)
def test_each_sarif_result_points_at_one_file_beside_the_project(result: GateResult) -> None:
    for row in sarif(result)["results"]:
        (location,) = row["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"Pulumi\.[\w.~%-]+\.yaml", uri, re.ASCII)


def test_a_finding_is_the_same_alert_when_only_its_figures_change() -> None:
    def print_of(seen: str, subject: str) -> str:
        (row,) = sarif(built.result(checks=(built.check(seen=seen, subject=subject),), notices=()))["results"]
        return str(row["partialFingerprints"]["worthwhileGate/v1"])

    assert print_of("5 nodes", "current.json") == print_of("6 nodes", "current.json")
    assert print_of("5 nodes", "current.json") != print_of("5 nodes", "other.json")


def test_the_published_schema_is_the_one_of_the_record() -> None:
    committed = data_file("schema", "gate.schema.json").read_bytes()
    assert committed == result_schema(), "run scripts/build_schemas.py"


@given(result=results)
def test_the_json_of_an_answer_satisfies_its_schema_and_is_read_back_whole(result: GateResult) -> None:
    written = encode(result)
    Draft202012Validator(json.loads(result_schema())).validate(json.loads(written))
    assert msgspec.json.decode(written, type=GateResult) == result
