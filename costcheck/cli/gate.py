"""`costcheck gate`: may this plan be applied?"""

from __future__ import annotations

import functools
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

    from costcheck.cli.context import Context
    from costcheck.gate.ages import Fetched
    from costcheck.gate.assessment import Assessment
    from costcheck.gate.coverage import Evidence
    from costcheck.gate.releases import RenderedReleases
    from costcheck.gate.result import GateResult
    from costcheck.gate.rules import GateConfig
    from costcheck.gate.view import Side
    from costcheck.plan.records import Plan
    from costcheck.price_book import PriceBook

DECISION = Path("runbooks/decisions/current.json")
WAIVERS = Path("runbooks/waivers")
CONFIG = Path("gate.toml")
PROGRAM = Path("infra")
FILE = click.Path(path_type=Path)
Format = Literal["text", "json", "markdown", "junit", "sarif"]
Where = Literal["github", "gitlab"]


@click.command()
@click.option("--plan", "plan_file", type=FILE, required=True, help="Output of `pulumi preview --json`; - for stdin.")
@click.option("--state", type=FILE, help="Output of `pulumi stack export`: what the plan leaves as it is.")
@click.option("--decision", type=FILE, default=DECISION, show_default=True)
@click.option("--config", type=FILE, help=f"Limits and usage; {CONFIG} where there is one.")
@click.option("--waivers", type=FILE, default=WAIVERS, show_default=True, help="Folder of waivers.")
@click.option("--prices", "snapshot", type=FILE, help="Price snapshot; the bundled one if left out.")
@click.option("--live", is_flag=True, help="Fetch the prices that this plan needs from AWS, now.")
@click.option("--stack", help="Refuse a plan of any other stack.")
@click.option(
    "--program", type=FILE, default=PROGRAM, show_default=True, help="Folder of the program, for charts beside it."
)
@click.option("--format", "style", type=click.Choice(["text", "json", "markdown", "junit", "sarif"]), default="text")
@click.option("--comment", type=click.Choice(["github", "gitlab"]), help="Also write the answer on the pull request.")
@click.option("--gated", type=FILE, help="Where the plan is allowed, write down what was gated.")
@click.pass_obj
def gate(  # noqa: PLR0913, PLR0917 - one argument an option
    context: Context,
    plan_file: Path,
    state: Path | None,
    decision: Path,
    config: Path | None,
    waivers: Path,
    snapshot: Path | None,
    live: bool,  # noqa: FBT001 - a flag
    stack: str | None,
    program: Path,
    style: Format,
    comment: Where | None,
    gated: Path | None,
) -> int:
    """Answer whether a plan may be applied: 0 allowed, 3 denied, 4 nobody can tell.

    New GPU nodes need a decision that covers them. A plan that keeps or lowers every GPU maximum needs none, so that
    patches, shrinking and destroying always work; limits in gate.toml hold for whatever raises the cost.
    """
    from costcheck.cli import gate_files  # noqa: PLC0415 - msgspec is slow to load
    from costcheck.gate.ages import NOT_ASKED  # noqa: PLC0415 - the same
    from costcheck.gate.judge import Case, judge  # noqa: PLC0415 - the same
    from costcheck.gate.rules import load_gate_rules  # noqa: PLC0415 - the same
    from costcheck.sources.snapshot import read_price_book  # noqa: PLC0415 - the same

    rules = load_gate_rules()
    settings = gate_files.read_config(config or (CONFIG if CONFIG.exists() else None))
    held = gate_files.read_waivers(waivers, rules, context.now.date())
    plan = gate_files.read_plan(plan_file, state, stack)
    pricing = Pricing(plan, read_price_book(snapshot), program, context.now.date())
    fetched = pricing.fetch(context) if live else NOT_ASKED
    found, evidence = _found(pricing, settings, decision, context.now.date())
    case = Case(
        evidence=evidence,
        config=settings,
        waivers=held,
        rules=rules,
        book=pricing.book,
        today=context.now.date(),
        fetched=fetched,
        notices=gate_files.read_notices(settings, config, CONFIG, waivers),
    )
    result = judge(found, case)
    click.echo(_rendered(result, style), nl=False)
    if comment is not None:
        _comment(result, comment, context)
    if gated is not None:
        gate_files.write_gated(plan, result, gated)
    return result.outcome.exit_code


class Pricing:
    """A plan with its prices and its charts: what is needed to assess it, fetched once."""

    def __init__(self, plan: Plan, book: PriceBook, program: Path, today: date) -> None:
        self.plan = plan
        self.book = book
        self._program = program
        self._today = today

    def fetch(self, context: Context) -> Fetched:
        """Fetch all that the plan needs anew; what AWS does not have stays unknown.

        Where AWS cannot be asked, the prices that are here serve as long as they are young enough.
        """
        from costcheck.cli.prices import aws_clients  # noqa: PLC0415 - boto3 is slow to load
        from costcheck.errors import CostcheckError  # noqa: PLC0415 - the same
        from costcheck.gate.ages import Fetched  # noqa: PLC0415 - the same
        from costcheck.gate.needs import needs_of  # noqa: PLC0415 - msgspec is slow to load
        from costcheck.price_book import PriceBook  # noqa: PLC0415 - the same
        from costcheck.sources.prices.live import with_live_prices  # noqa: PLC0415 - boto3 is slow to load

        before, after = self._sides
        needs = needs_of(before) | needs_of(after)
        known = self.book.snapshot
        try:
            fresh = with_live_prices(known, needs.prices, needs.instance_types, aws_clients, now=context.now)
            self.book = PriceBook(fresh, self.book.max_ages)
        except CostcheckError as exc:
            click.echo(f"no prices of today: {exc.seen}; going on with those of {known.as_of}", err=True)
            return Fetched(live=True, trouble=exc.seen)
        return Fetched(live=True)

    def assess(self, usage: Mapping[str, Decimal]) -> Assessment:
        """Return what the plan costs."""
        from costcheck.gate.assessment import assess  # noqa: PLC0415 - msgspec is slow to load

        return assess(self.plan, self.book, usage, *self._sides)

    @property
    def _sides(self) -> tuple[Side, Side]:
        from costcheck.gate.view import Side  # noqa: PLC0415 - msgspec is slow to load

        facts = self.book.instances
        before, after = self._charts.before, self._charts.after
        return (
            Side(self.plan.before, facts, before, self._today),
            Side(self.plan.after, facts, after, self._today),
        )

    @functools.cached_property
    def _charts(self) -> RenderedReleases:
        from costcheck.gate.releases import render_releases  # noqa: PLC0415 - msgspec is slow to load

        return render_releases(self.plan, self.book.instances, self._program)


def _found(pricing: Pricing, settings: GateConfig, decision: Path, today: date) -> tuple[Assessment, Evidence]:
    """Return the assessment and the decision, which is computed again only where it is needed: that takes seconds.

    What only use tells comes from the company, and for the rest from the decision that was computed again.
    """
    from costcheck.cli.gate_files import read_evidence  # noqa: PLC0415 - msgspec is slow to load
    from costcheck.gate.coverage import needs_decision, reckoned_usage  # noqa: PLC0415 - the same

    found = pricing.assess(settings.usage)
    needed = needs_decision(found)
    evidence = read_evidence(decision, today, recompute=needed)
    if needed and evidence.decision is not None:
        found = pricing.assess(reckoned_usage(evidence.decision) | settings.usage)
    return found, evidence


def _rendered(result: GateResult, style: Format) -> str:
    """Return the answer in a format; each loads what it needs alone, since rich and jinja2 are slow to load."""
    if style == "json":
        from costcheck.verdict import encode  # noqa: PLC0415 - as above

        return encode(result).decode()
    if style == "markdown":
        from costcheck.report.gate_markdown import render_gate_markdown  # noqa: PLC0415 - as above

        return render_gate_markdown(result)
    if style == "junit":
        from costcheck.report.gate_junit import render_junit  # noqa: PLC0415 - as above

        return render_junit(result)
    if style == "sarif":
        from costcheck.report.gate_sarif import render_sarif  # noqa: PLC0415 - as above

        return render_sarif(result)
    from costcheck.report.gate_text import render_gate_text  # noqa: PLC0415 - as above

    width, color = min(shutil.get_terminal_size().columns, 120), sys.stdout.isatty()
    return render_gate_text(result, width=width, color=color)


def _comment(result: GateResult, where: Where, context: Context) -> None:
    """Write the answer on the pull request; whatever goes wrong with that is one line on standard error."""
    from costcheck.cli.comment import post_comment  # noqa: PLC0415 - httpx2 is slow to load
    from costcheck.report.gate_markdown import render_gate_markdown  # noqa: PLC0415 - jinja2 is slow to load

    post_comment(lambda: render_gate_markdown(result), context.environ, where)
