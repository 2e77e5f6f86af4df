"""Golden A, the article's own arithmetic, and Golden B, the same chatbot at snapshot prices, charged in full."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from costcheck.cli.break_even import break_even, comparison
from costcheck.errors import ConfigError, InputFileError
from costcheck.facts import data_file
from costcheck.model.break_even import break_even_volume
from costcheck.model.stated_curves import StatedCurves, parse_curves
from costcheck.rules import load_assumptions
from costcheck.verdict import Decision, Verdict
from tests.costcheck.hand_calculation import seen, work_out
from tests.costcheck.scenario import read_scenario, run
from tests.costcheck.test_scenarios import CENT, Expected, read_expected

GOLDEN = Path(__file__).parents[1] / "golden" / "article"
CHATBOT = GOLDEN / "chatbot"
SMALLEST = "gpt-oss-20b@g6.xlarge/on_demand"


def article() -> StatedCurves:
    return parse_curves(data_file("article.toml").read_text(encoding="utf-8"), "article.toml")


def stated(**changes: str) -> str:
    """Return a small file of stated curves; each change replaces the value of one key."""
    values = {
        "title": '"two curves"',
        "source": '"made up"',
        "checked": "2026-11-23",
        "volumes_per_month": "[100]",
        "unit_cost_usd": "1.0",
        "fixed_cost_usd_per_month": "50",
        "instance_cost_usd_per_month": "30",
        "units_per_instance": "100",
        "maximum": "2",
    } | changes
    return """
title = {title}
source = {source}
checked = {checked}
volumes_per_month = {volumes_per_month}
[api]
unit_cost_usd = {unit_cost_usd}
[self_hosted]
fixed_cost_usd_per_month = {fixed_cost_usd_per_month}
[[self_hosted.fleet]]
instance_cost_usd_per_month = {instance_cost_usd_per_month}
units_per_instance = {units_per_instance}
maximum = {maximum}
""".format(**values)


def printed(arguments: Sequence[str]) -> str:
    result = CliRunner().invoke(break_even, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_golden_a_says_api_at_100_000_and_self_hosted_at_300_000() -> None:
    curves = article().curves
    for volume, api, own in ((100_000, 1_000, 2_000), (300_000, 3_000, 2_400)):
        assert curves.api_cost(Decimal(volume)) == api
        assert curves.self_hosted_cost(Decimal(volume)) == own


def test_golden_a_breaks_even_at_225_000_inside_the_range_that_the_article_names() -> None:
    named = {figure.name: figure for figure in article().figure}["break-even that the article names"]
    assert break_even_volume(article().curves) == 225_000
    assert named.low <= 225_000 <= named.high


@pytest.mark.parametrize(
    ("golden", "path"),
    [
        ("golden_a.txt", Path(str(data_file("article.toml")))),
        ("golden_b.txt", GOLDEN / "at_snapshot_prices.toml"),
    ],
)
def test_the_command_prints_the_reviewed_page(golden: str, path: Path) -> None:
    assert printed([str(path)]) == (GOLDEN / golden).read_text(encoding="utf-8")


def test_the_kit_takes_the_set_up_costs_that_the_article_states() -> None:
    figures = {figure.name: (figure.low, figure.high) for figure in article().figure}
    assumed = load_assumptions({})
    assert figures["set-up of self-hosting"] == (assumed.set_up_cost_usd.low, assumed.set_up_cost_usd.high)
    assert figures["set-up of an API"] == (assumed.api_switch_cost_usd.low, assumed.api_switch_cost_usd.high)


def test_a_volume_that_no_fleet_can_carry_has_no_price() -> None:
    page = "\n".join(comparison(parse_curves(stated(volumes_per_month="[200, 201]"), "here")))
    assert [line.split()[-1] for line in page.splitlines() if line.strip().startswith("20")] == ["self-hosted", "API"]
    assert "cannot be had" in page


def test_servers_that_never_pay_have_no_break_even() -> None:
    page = "\n".join(comparison(parse_curves(stated(unit_cost_usd="0.3"), "here")))
    assert page.splitlines()[-1].startswith("Break-even: none")


@pytest.mark.parametrize("key", ["unit_cost_usd", "instance_cost_usd_per_month", "units_per_instance"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf"])
def test_a_figure_that_cannot_be_one_is_named(key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=key):
        parse_curves(stated(**{key: value}), "here")


@pytest.mark.parametrize("key", ["fixed_cost_usd_per_month", "volumes_per_month"])
@pytest.mark.parametrize("value", ["-1", "nan", "inf"])
def test_a_cost_or_volume_may_be_zero_but_no_less(key: str, value: str) -> None:
    changed = f"[{value}]" if key == "volumes_per_month" else value
    with pytest.raises(ConfigError, match=key):
        parse_curves(stated(**{key: changed}), "here")
    parse_curves(stated(**{key: "[0]" if key == "volumes_per_month" else "0"}), "here")


def test_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_curves(stated().replace("units_per_instance", "unit_per_instance"), "here")
    assert "`units_per_instance`" in caught.value.expected


def test_a_figure_without_a_source_is_refused() -> None:
    with pytest.raises(ConfigError, match="source"):
        parse_curves(stated().replace('source = "made up"\n', ""), "here")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="nowhere"):
        CliRunner().invoke(break_even, [str(tmp_path / "nowhere.toml")], catch_exceptions=False)


@pytest.fixture(scope="module")
def expected() -> Expected:
    return read_expected(CHATBOT)


@pytest.fixture(scope="module")
def chatbot(tmp_path_factory: pytest.TempPathFactory) -> Decision:
    settings, usage = read_scenario(CHATBOT)
    return run(settings, usage, tmp_path_factory.mktemp("chatbot") / "costcheck.duckdb")


@pytest.fixture(scope="module")
def nobody_else_sells_it(tmp_path_factory: pytest.TempPathFactory) -> Decision:
    """Golden B against the mini-tier model alone, as the article compares."""
    settings, usage = read_scenario(CHATBOT)
    own = tuple(msgspec.structs.replace(workload, weights="own") for workload in settings.workload)
    settings = msgspec.structs.replace(settings, workload=own)
    return run(settings, usage, tmp_path_factory.mktemp("own") / "costcheck.duckdb")


def test_golden_b_stays_on_the_api_because_the_bill_is_small(chatbot: Decision, expected: Expected) -> None:
    assert (chatbot.verdict, chatbot.rule) == (expected.verdict, expected.rule) == (Verdict.STAY_ON_API, 3)
    wanted = expected.finding[0]
    assert any(wanted.says in found.message and wanted.figure in found.figure for found in chatbot.findings)


def test_golden_b_adds_up_by_hand(expected: Expected) -> None:
    for line, result in zip(expected.hand, work_out(expected.hand).values(), strict=True):
        assert result.quantize(line.gives) == line.gives, line


def test_the_pipeline_charges_golden_b_as_the_hand_calculation_does(chatbot: Decision, expected: Expected) -> None:
    results = work_out(expected.hand)
    for line in expected.hand:
        if line.found is not None:
            figure = seen(chatbot, line.found)
            assert figure is not None
            assert abs(figure - results[line.name]) <= max(results[line.name] * line.within, CENT / 2), line


def test_golden_b_breaks_even_where_the_hand_calculation_does(
    nobody_else_sells_it: Decision, expected: Expected
) -> None:
    found = nobody_else_sells_it.break_even
    assert found is not None
    assert found.monthly_requests == work_out(expected.hand)["break_even"].quantize(Decimal(1))


def test_golden_b_as_two_curves_is_the_pipeline_s_golden_b(nobody_else_sells_it: Decision) -> None:
    path = GOLDEN / "at_snapshot_prices.toml"
    curves = parse_curves(path.read_text(encoding="utf-8"), str(path)).curves
    found, volume = nobody_else_sells_it.break_even, break_even_volume(curves)
    fleet = nobody_else_sells_it.option(SMALLEST).fleets[0]
    assert found is not None
    assert found.monthly_requests is not None
    assert volume is not None
    assert abs(volume / found.monthly_requests - 1) < Decimal("0.0001")
    busiest_minute = Decimal("1.6")
    carried = fleet.requests_per_second_per_instance / busiest_minute * 3_600 * 730
    assert abs(carried / curves.fleets[0].units_per_instance - 1) < Decimal("0.01")


def test_the_readme_states_what_the_hand_calculation_gives(expected: Expected) -> None:
    page = (GOLDEN / "README.md").read_text(encoding="utf-8")
    results = work_out(expected.hand)
    assert f"${results['api']:,.2f} | {results['api_ratio']:.1f} times less" in page
    assert f"${results['servers']:,.2f} | {results['servers_ratio']:.1f} times more" in page
    assert f"{results['break_even']:,.0f} | {results['break_even_ratio']:.1f} times more" in page
    assert f"between ${results['all_in']:,.0f} and ${results['all_out']:,.0f}" in page
    assert f"cost ${results['reseller']:,.2f} for the whole month" in page
