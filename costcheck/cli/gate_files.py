"""What `costcheck gate` reads and writes beside prices: plan, state, decision, limits, waivers, what was gated."""

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

from costcheck.acceptance import NOT_ACCEPTED
from costcheck.cli.gate_ignored import ignored_limits, ignored_waivers
from costcheck.errors import CostcheckError, InputFileError, PlanError, UsageError
from costcheck.gate.coverage import Evidence
from costcheck.gate.gated import encode_gated, gated_plan
from costcheck.gate.limits import without_limits
from costcheck.gate.result import GateResult, Notice, Outcome
from costcheck.gate.rules import GateConfig, GateRules, parse_gate_config, parse_waiver
from costcheck.gate.waivers import WaiverFile
from costcheck.plan.preview import read_preview
from costcheck.plan.records import Plan, unreadable_plan
from costcheck.plan.state import with_state
from costcheck.verdict import read_decision

STDIN = "-"


def read_plan(plan_file: Path, state: Path | None, stack: str | None) -> Plan:
    """Return the plan, with the state where there is one; where they are not whole, one that only says so.

    Raises:
        InputFileError: A file cannot be read.
        UsageError: It is of another stack than the one asked for.
    """
    from_stdin = str(plan_file) == STDIN
    name = "standard input" if from_stdin else str(plan_file)
    content = sys.stdin.buffer.read() if from_stdin else _content(plan_file, "a plan")
    beside = None if state is None else _content(state, "a state")
    try:
        plan = read_preview(content, name)
    except PlanError as exc:
        return unreadable_plan(exc.seen, stack or "")
    if stack is not None and stack not in {plan.stack, f"{plan.project}/{plan.stack}"}:
        message = f"{name} is a plan of {plan.project}/{plan.stack}"
        raise UsageError(message, expected=f"a plan of the stack {stack}", action="preview that stack")
    return plan if beside is None or plan.failure else _with_state(plan, beside, str(state))


def _with_state(plan: Plan, content: bytes, name: str) -> Plan:
    """Return the plan with what it leaves as it is, or one that only says why the state does not tell that."""
    try:
        return with_state(plan, content, name)
    except PlanError as exc:
        unread = unreadable_plan(exc.seen, f"{plan.project}/{plan.stack}")
        return replace(unread, is_state_unfit=True)


def read_config(path: Path | None) -> GateConfig:
    """Return the company's limits and usage; none where there is no file.

    Raises:
        ConfigError: It cannot be meant.
    """
    return GateConfig() if path is None else parse_gate_config(_text(path, "limits"), str(path))


def read_notices(config: GateConfig, named: Path | None, usual: Path, waivers: Path) -> tuple[Notice, ...]:
    """Return what is to be known of limits and waivers: that there is no limit, and files that nobody reads.

    Args:
        config: As it was read.
        named: File of the limits, None where nobody named one.
        usual: Where they are looked for then.
        waivers: Folder of waivers.
    """
    file = named or usual
    beside = () if named else ignored_limits(usual)
    return (*without_limits(config, str(file), exists=file.exists()), *beside, *ignored_waivers(waivers))


def read_waivers(folder: Path, rules: GateRules, today: date) -> tuple[WaiverFile, ...]:
    """Return every waiver of a folder.

    Raises:
        ConfigError: One of them cannot be meant.
    """
    files = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    return tuple(
        WaiverFile(name=str(path), waiver=parse_waiver(_text(path, "a waiver"), str(path), rules, today))
        for path in files
    )


def read_evidence(path: Path, today: date, *, recompute: bool) -> Evidence:
    """Return the decision, or why there is none; never an error, since most plans need none.

    Args:
        path: `current.json`, with its record beside it.
        today: UTC day.
        recompute: Compute it again from its inputs, and see whether a person has accepted it.
    """
    if not path.exists():
        return Evidence(path=str(path))
    try:
        decision, acceptance = read_decision(path), NOT_ACCEPTED
        if recompute:
            from costcheck.cli.records import require_recomputes  # noqa: PLC0415 - numpy is slow to load

            acceptance = require_recomputes(decision, path, today).acceptance
    except CostcheckError as exc:
        return Evidence(path=str(path), trouble=exc)
    return Evidence(path=str(path), decision=decision, acceptance=acceptance)


def write_gated(plan: Plan, result: GateResult, path: Path) -> None:
    """Write down what was gated; whatever an earlier run wrote there goes first.

    Raises:
        UsageError: The plan was allowed without showing what stays, or the file cannot be written.
    """
    try:
        if path.is_file():
            path.unlink()
        if result.outcome is not Outcome.ALLOWED:
            return
        if plan.knows_everything:
            path.write_bytes(encode_gated(gated_plan(plan, result.as_of)))
            return
    except OSError as exc:
        message = f"{path} cannot be written: {exc.strerror}"
        raise UsageError(message, expected="a file that can be written", action="name another with --gated") from exc
    message = f"--gated {path} without what stays as it is: {plan.unchanged_count} resources are not in the plan"
    raise UsageError(message, expected="--state with it", action="give `pulumi stack export` as --state")


def _content(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        message = f"{path} cannot be read: {exc.strerror}"
        raise InputFileError(message, expected=f"the file of {what}", action="check the path") from exc


def _text(path: Path, what: str) -> str:
    try:
        return _content(path, what).decode()
    except UnicodeDecodeError as exc:
        message = f"{path} is not UTF-8: {exc.reason}"
        raise InputFileError(message, expected="text", action="save it as UTF-8") from exc
