"""`costcheck gate`: may this plan be applied?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from costcheck.errors import CostcheckError, InputFileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

    from costcheck.cli.context import Context
    from costcheck.gate.assessment import Assessment
    from costcheck.gate.coverage import Evidence
    from costcheck.gate.result import GateResult
    from costcheck.gate.rules import GateConfig, GateRules
    from costcheck.gate.view import Side
    from costcheck.gate.waivers import WaiverFile
    from costcheck.plan.records import Plan
    from costcheck.price_book import PriceBook

DECISION = Path("runbooks/decisions/current.json")
WAIVERS = Path("runbooks/waivers")
CONFIG = Path("gate.toml")
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
    style: Format,
    comment: Where | None,
    gated: Path | None,
) -> int:
    """Answer whether a plan may be applied: 0 allowed, 3 denied, 4 nobody can tell.

    New GPU nodes need a decision that covers them. A plan that keeps or lowers every GPU maximum needs none, so that
    patches, shrinking and destroying always work; limits in gate.toml hold for whatever raises the cost.
    """
    from costcheck.gate.judge import Case, judge  # noqa: PLC0415 - msgspec is slow to load
    from costcheck.gate.rules import load_gate_rules  # noqa: PLC0415 - the same
    from costcheck.sources.snapshot import read_price_book  # noqa: PLC0415 - the same

    today = context.now.date()
    plan = _read_plan(plan_file, state, stack)
    settings, rules, book = _read_config(config), load_gate_rules(), read_price_book(snapshot)
    if live:
        book = _with_live_prices(plan, book, context)
    found = _assessed(plan, book, _usage(settings, decision))
    case = Case(
        evidence=_evidence(found, decision),
        config=settings,
        waivers=_read_waivers(waivers, rules, today),
        rules=rules,
        book=book,
        today=today,
    )
    result = judge(found, case)
    if gated is not None:
        _write_gated(plan, result, gated)
    click.echo(_rendered(result, style, plan_file), nl=False)
    if comment is not None:
        _comment(result, comment, context)
    return result.outcome.exit_code


def _read_plan(plan_file: Path, state: Path | None, stack: str | None) -> Plan:
    from costcheck.plan.preview import read_preview  # noqa: PLC0415 - msgspec is slow to load
    from costcheck.plan.state import with_state  # noqa: PLC0415 - the same

    name = "standard input" if str(plan_file) == "-" else str(plan_file)
    content = sys.stdin.buffer.read() if str(plan_file) == "-" else read_file(plan_file, "a plan")
    plan = read_preview(content, name)
    if state is not None:
        plan = with_state(plan, read_file(state, "a state"), str(state))
    if stack is not None and stack not in {plan.stack, f"{plan.project}/{plan.stack}"}:
        message = f"{name} is a plan of {plan.project}/{plan.stack}"
        raise UsageError(message, expected=f"a plan of the stack {stack}", action="preview that stack")
    return plan


def read_file(path: Path, what: str) -> bytes:
    """Return a file's content.

    Raises:
        InputFileError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as exc:
        message = f"{path} cannot be read: {exc.strerror}"
        raise InputFileError(message, expected=f"the file of {what}", action="check the path") from exc


def _read_config(path: Path | None) -> GateConfig:
    from costcheck.gate.rules import GateConfig, parse_gate_config  # noqa: PLC0415 - msgspec is slow to load

    chosen = path or CONFIG
    if path is None and not chosen.exists():
        return GateConfig()
    return parse_gate_config(_text(chosen, "limits"), str(chosen))


def _read_waivers(folder: Path, rules: GateRules, today: date) -> tuple[WaiverFile, ...]:
    from costcheck.gate.rules import parse_waiver  # noqa: PLC0415 - msgspec is slow to load
    from costcheck.gate.waivers import WaiverFile  # noqa: PLC0415 - the same

    files = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    return tuple(
        WaiverFile(name=str(path), waiver=parse_waiver(_text(path, "a waiver"), str(path), rules, today))
        for path in files
    )


def _text(path: Path, what: str) -> str:
    try:
        return read_file(path, what).decode()
    except UnicodeDecodeError as exc:
        message = f"{path} is not UTF-8: {exc.reason}"
        raise InputFileError(message, expected="text", action="save it as UTF-8") from exc


def _sides(plan: Plan, book: PriceBook) -> tuple[Side, Side]:
    from costcheck.gate.view import Side  # noqa: PLC0415 - msgspec is slow to load

    facts = {fact.instance_type: fact for fact in book.snapshot.instance_types}
    return Side(plan.before, facts), Side(plan.after, facts)


def _with_live_prices(plan: Plan, book: PriceBook, context: Context) -> PriceBook:
    """Return the prices with all that the plan needs fetched anew; what AWS does not have stays unknown."""
    from costcheck.cli.prices import aws_clients  # noqa: PLC0415 - boto3 is slow to load
    from costcheck.gate.needs import needs_of  # noqa: PLC0415 - msgspec is slow to load
    from costcheck.price_book import PriceBook  # noqa: PLC0415 - the same
    from costcheck.sources.prices.live import with_live_prices  # noqa: PLC0415 - boto3 is slow to load

    before, after = _sides(plan, book)
    needs = needs_of(before) | needs_of(after)
    fresh = with_live_prices(book.snapshot, needs.prices, needs.instance_types, aws_clients, now=context.now)
    return PriceBook(fresh, book.max_ages)


def _assessed(plan: Plan, book: PriceBook, usage: Mapping[str, Decimal]) -> Assessment:
    from costcheck.gate.assessment import assess  # noqa: PLC0415 - msgspec is slow to load

    return assess(plan, book, usage, *_sides(plan, book))


def _usage(settings: GateConfig, decision: Path) -> dict[str, Decimal]:
    """Return what only use tells: what the company states, and for the rest what the decision reckoned with."""
    from costcheck.gate.coverage import chosen_lines  # noqa: PLC0415 - msgspec is slow to load
    from costcheck.verdict import read_decision  # noqa: PLC0415 - the same

    try:
        reckoned = {line.sku_meter: line.quantity for line in chosen_lines(read_decision(decision))}
    except InputFileError:
        reckoned = {}  # the check of the decision says so, where one is needed
    return reckoned | settings.usage


def _evidence(found: Assessment, path: Path) -> Evidence:
    """Return the decision; it is computed again from its inputs only where it is needed, since that takes seconds."""
    from costcheck.gate.coverage import Evidence, needs_decision  # noqa: PLC0415 - msgspec is slow to load
    from costcheck.verdict import read_decision  # noqa: PLC0415 - the same

    if not path.exists():
        return Evidence(path=str(path))
    try:
        decision = read_decision(path)
        accepted = False
        if needs_decision(found):
            from costcheck.cli.records import require_recomputes  # noqa: PLC0415 - numpy is slow to load

            accepted = require_recomputes(decision, path)
    except CostcheckError as exc:
        return Evidence(path=str(path), trouble=exc)
    return Evidence(path=str(path), decision=decision, accepted=accepted)


def _rendered(result: GateResult, style: Format, plan_file: Path) -> str:
    from costcheck.verdict import encode  # noqa: PLC0415 - msgspec is slow to load

    if style == "json":
        return encode(result).decode()
    raise NotImplementedError(style, plan_file)


def _write_gated(plan: Plan, result: GateResult, path: Path) -> None:
    """Write down what was gated, or remove what an earlier run wrote there.

    Raises:
        UsageError: The plan does not show what stays, or the file cannot be written.
    """
    from costcheck.gate.gated import encode_gated, gated_plan  # noqa: PLC0415 - msgspec is slow to load
    from costcheck.gate.result import Outcome  # noqa: PLC0415 - the same

    if not plan.knows_everything:
        message = f"--gated {path} without what stays as it is: {plan.unchanged_count} resources are not in the plan"
        raise UsageError(message, expected="--state with it", action="give `pulumi stack export` as --state")
    try:
        if result.outcome is Outcome.ALLOWED:
            path.write_bytes(encode_gated(gated_plan(plan, result.as_of)))
        else:
            path.unlink(missing_ok=True)
    except OSError as exc:
        message = f"{path} cannot be written: {exc.strerror}"
        raise UsageError(message, expected="a file that can be written", action="name another with --gated") from exc


def _comment(result: GateResult, where: Where, context: Context) -> None:
    raise NotImplementedError(result, where, context)
