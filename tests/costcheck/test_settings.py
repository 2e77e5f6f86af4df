"""costcheck.toml: typed, and contradictions are errors."""

from decimal import Decimal
from pathlib import Path

import pytest

from costcheck.errors import ConfigError, InputFileError
from costcheck.facts import data_file
from costcheck.settings import parse_settings, read_settings

LEAST = """
[company]
name = "Example Shop Ltd"
[[workload]]
name = "chat"
latency_class = "interactive"
match = { everything = true }
"""
COMPLIANT = """
[workload.compliance]
clause = "c"
owner = "o"
expires_on = 2027-01-01
in_region_managed_api_allowed = false
"""
DECLARED = """
[workload.declared_demand]
monthly_requests = 1
input_tokens_per_request = 1
output_tokens_per_request = 1
"""
QUOTE = """
[[workload.managed_quotes]]
name = "P"
model = "m"
monthly_cost_usd = {}
quoted_on = 2026-01-01
source = "s"
"""


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "costcheck.toml")
    assert caught.value.expected
    assert caught.value.action
    return str(caught.value)


def test_the_least_that_must_be_said_is_a_name_and_a_workload() -> None:
    settings = parse_settings(LEAST, "costcheck.toml")
    assert settings.company.region_id == "us-east-1"
    assert settings.operator.answer is None
    assert settings.self_hosting.purchase_options == ("on_demand",)


def test_the_template_that_init_writes_is_valid() -> None:
    text = data_file("costcheck.template.toml").read_text()
    assert parse_settings(text, "template").operator.answer is None


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (LEAST + 'latency_clas = "batch"\n', "the nearest is `latency_class`"),
        (LEAST.replace('name = "Example Shop Ltd"', ""), "missing required field `name`"),
        (LEAST.replace("interactive", "instant"), "'instant'"),
        (LEAST + LEAST.split('"Example Shop Ltd"')[1], "two workloads are called 'chat'"),
        ('workload = []\n[company]\nname = "x"\n', "there is no [[workload]]"),
        (LEAST.replace("match = { everything = true }", ""), "match names nothing"),
        (LEAST + "cacheable_input_share = 1.1\n", "cacheable_input_share is 1.1"),
        (LEAST + "cacheable_input_share = nan\n", "cacheable_input_share is NaN"),
        (LEAST + "outage_cost_usd_per_hour = -1\n", "outage_cost_usd_per_hour is -1"),
        (LEAST + "outage_cost_usd_per_hour = inf\n", "outage_cost_usd_per_hour is Infinity"),
        (LEAST + DECLARED, "only with a compliance requirement"),
        (LEAST + COMPLIANT + DECLARED.replace("requests = 1", "requests = 0"), "not above zero"),
        (
            LEAST + COMPLIANT + DECLARED.replace("output_tokens_per_request = 1", "output_tokens_per_request = -1"),
            "not above zero",
        ),
        (LEAST + '[operator]\nanswer = "managed_provider"\n', "managed_provider_monthly_cost_usd is not set"),
        (LEAST + '[operator]\nanswer = "nobody"\nmanaged_provider_monthly_cost_usd = nan\n', "usd is NaN"),
        (LEAST + '[operator]\nanswer = "managed_provider"\nmanaged_provider_monthly_cost_usd = 0\n', "usd is 0"),
        (
            LEAST + '[[contracted_discount]]\nservice_provider_name = "openai"\ndiscount_share = 10\nsource = "s"\n',
            "10 is not a share",
        ),
        (LEAST + QUOTE.format("nan"), "monthly_cost_usd is NaN"),
        (LEAST + QUOTE.format("0"), "monthly_cost_usd is 0"),
    ],
)
def test_what_contradicts_itself_is_an_error_that_says_where(text: str, seen: str) -> None:
    assert seen in problem(text)


def test_a_declared_demand_with_its_requirement_is_read() -> None:
    (workload,) = parse_settings(LEAST + COMPLIANT + DECLARED, "costcheck.toml").workload
    assert workload.declared_demand is not None
    assert workload.compliance is not None


def test_figures_are_exact() -> None:
    (workload,) = parse_settings(LEAST + "cacheable_input_share = 0.3\n", "costcheck.toml").workload
    assert workload.cacheable_input_share == Decimal("0.3")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_says_how_to_get_one(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "costcheck.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputFileError, match="cannot be read") as caught:
        read_settings(path)
    assert "costcheck init" in caught.value.action
