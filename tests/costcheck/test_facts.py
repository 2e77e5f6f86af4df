"""Typed data: closed to unknown keys, and exact."""

from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from costcheck.errors import ConfigError
from costcheck.facts import Fact, Typed, data_file, parse_toml

FACT = 'value = 0.1\nunit = "x"\nsource_url = "worthwhile"\nchecked = 2026-08-01\n'


class Table(Typed, frozen=True, kw_only=True):
    """A file with one fact."""

    fact: Fact


def test_numbers_stay_exact() -> None:
    assert parse_toml(FACT, Fact, "f.toml").value == Decimal("0.1")


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    with pytest.raises(ConfigError, match="unknown field `valeu`") as caught:
        parse_toml(FACT + "valeu = 1\n", Fact, "f.toml")
    assert caught.value.expected == "a known key; the nearest is `value`"
    assert "f.toml" in caught.value.action


@pytest.mark.parametrize(
    "text",
    ["", "value = 0.1", FACT.replace("0.1", '"a"'), FACT.replace("2026-08-01", "7"), "value =", "<html>"],
)
def test_a_missing_mistyped_or_broken_text_is_an_error_with_its_file(text: str) -> None:
    with pytest.raises(ConfigError, match=r"f\.toml"):
        parse_toml(text, Fact, "f.toml")


def test_the_whole_key_is_in_the_message() -> None:
    with pytest.raises(ConfigError, match=r"\$\.fact"):
        parse_toml("[fact]\nvalue = 1\n", Table, "f.toml")


def test_data_files_come_with_the_package() -> None:
    assert "min_saving_usd" in data_file("thresholds.toml").read_text()
    assert Path(str(data_file("thresholds.toml"))).name == "thresholds.toml"


class Row(Typed, frozen=True, kw_only=True):
    """A row with one of a few values."""

    answer: Literal["team", "managed_provider", "nobody"] | None = None
    version: Literal[1] = 1


class Rows(Typed, frozen=True, kw_only=True):
    """Rows in every place where a value may stand."""

    rows: tuple[Row, ...] = ()
    options: tuple[Literal["on_demand", "spot"], ...] = ()
    named: dict[str, Row] = msgspec.field(default_factory=dict)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[[rows]]\nanswer = "Team"\n', "one of `managed_provider`, `nobody`, `team`; the nearest is `team`"),
        ('[named.a]\nanswer = "no body"\n', "one of `managed_provider`, `nobody`, `team`; the nearest is `nobody`"),
        ('options = ["spot", "on_demnd"]\n', "one of `on_demand`, `spot`; the nearest is `on_demand`"),
        ('[[rows]]\nanswer = "?"\n', "one of `managed_provider`, `nobody`, `team`"),
        ("[[rows]]\nversion = 2\n", "one of `1`"),
    ],
)
def test_a_value_that_is_not_allowed_names_those_that_are_and_the_nearest(text: str, expected: str) -> None:
    with pytest.raises(ConfigError, match="Invalid enum value") as caught:
        parse_toml(text, Rows, "f.toml")
    assert caught.value.expected == expected
