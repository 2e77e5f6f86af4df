"""A folder in which the gate answers 0, and the ways to break one thing in it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from costcheck.cli.records import write_record
from costcheck.sources import snapshot as snapshots
from costcheck.sources.snapshot import read_snapshot, write_snapshot
from tests.costcheck.accepting import accept
from tests.costcheck.decision.builders import decided, inputs
from tests.costcheck.gate.plans import NODE_GROUP, Json, create, pool, preview

TODAY = date(2026, 10, 1)
"""The day on which every row is asked: the decision of the tests is valid on it."""
PLAN, STATE, PRICES, LIMITS = Path("plan.json"), Path("state.json"), Path("prices.json"), Path("gate.toml")
DECISION, WAIVERS = Path("runbooks/decisions/current.json"), Path("runbooks/waivers")
GPUS = create(NODE_GROUP, "gpu", pool(2))
SERVERS = preview(create(NODE_GROUP, "system", pool(2, "m6i.large")))
LIMIT = "[limits]\nmonthly_usd = 100000\n"
STOPPED, PASSED = "violation", "no violation"
NOT_ITS_INPUT = "not asked: it is shown resources, no files"

Arrange = Callable[[Path], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that is broken.

    Attributes:
        what: In words; unique.
        code: What `costcheck gate` answers; None where only 0 is ruled out.
        arrange: Breaks it, in a folder where a plan with two GPU nodes is covered by an accepted decision.
        options: More of the command line.
        today: The day on which it is asked.
        within: What the command runs in, around `"$@"`.
        ending: How the process is ended: a signal's name, or `reader` where nobody reads its output any more.
        pack: What the CrossGuard pack answers.
        others: Answers of other tools to the nearest input.
    """

    what: str
    code: int | None
    arrange: Arrange = lambda _: None
    options: tuple[str, ...] = ()
    today: date = TODAY
    within: str = 'exec "$@"'
    ending: str = ""
    pack: str = NOT_ITS_INPUT
    others: Mapping[str, str] = field(default_factory=dict)


def prepare(folder: Path) -> None:
    """Write a folder in which nothing is broken: the gate answers 0."""
    bundled = read_snapshot()
    fresh = tuple(replace(row, provenance=replace(row.provenance, retrieved_on=TODAY)) for row in bundled.unit_prices)
    write_snapshot(replace(bundled, as_of=TODAY, unit_prices=fresh), folder / PRICES)
    accept(write_record(decided(), inputs(), folder / DECISION.parent).page, on=TODAY)
    put(folder, preview(GPUS))


def put(folder: Path, document: Any, path: Path = PLAN) -> None:  # noqa: ANN401 - any JSON
    """Write a document."""
    (folder / path).write_text(json.dumps(document))


def text(content: str | bytes, path: Path = PLAN) -> Arrange:
    """Return what writes a file as it is."""
    as_bytes = content.encode() if isinstance(content, str) else content
    return lambda folder: _write(folder / path, as_bytes)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def plan(document: Any) -> Arrange:  # noqa: ANN401 - any JSON
    """Return what writes another plan."""
    return lambda folder: put(folder, document)


def gpus(**changes: Any) -> Arrange:  # noqa: ANN401 - any input
    """Return what changes the inputs of the GPU pool."""
    return plan(preview(create(NODE_GROUP, "gpu", pool(2) | changes)))


def sized(most: Any) -> Arrange:  # noqa: ANN401 - any JSON
    """Return what changes the most nodes of the pool."""
    return gpus(scalingConfig={"minSize": 0, "desiredSize": 1, "maxSize": most})


def without(path: Path) -> Arrange:
    """Return what removes a file."""
    return lambda folder: (folder / path).unlink()


def directory(path: Path) -> Arrange:
    """Return what puts a directory where a file should be."""

    def arrange(folder: Path) -> None:
        (folder / path).unlink()
        (folder / path).mkdir()

    return arrange


def truncated(tenths: int) -> Arrange:
    """Return what leaves so many tenths of the plan."""

    def arrange(folder: Path) -> None:
        content = (folder / PLAN).read_bytes()
        (folder / PLAN).write_bytes(content[: len(content) * tenths // 10])

    return arrange


def edited(path: Path, old: str, new: str) -> Arrange:
    """Return what replaces words in a file."""

    def arrange(folder: Path) -> None:
        content = (folder / path).read_text()
        if old not in content:
            raise AssertionError(old)
        (folder / path).write_text(content.replace(old, new))

    return arrange


def page(old: str, new: str) -> Arrange:
    """Return what replaces words in the page of the decision."""

    def arrange(folder: Path) -> None:
        (found,) = (folder / DECISION.parent).glob("*.md")
        edited(found, old, new)(Path())

    return arrange


def priced(**changes: Any) -> Arrange:  # noqa: ANN401 - any field
    """Return what changes every price, and so those of the GPUs; without changes they are removed."""

    def arrange(folder: Path) -> None:
        snapshot = read_snapshot(folder / PRICES)
        rows = tuple(
            replace(row, provenance=replace(row.provenance, **changes))
            for row in snapshot.unit_prices
            if changes or not row.sku_meter.startswith(("BoxUsage:g6", "BoxUsage:m6i"))
        )
        write_snapshot(replace(snapshot, unit_prices=rows), folder / PRICES)

    return arrange


def worth(usd: str) -> Arrange:
    """Return what makes one price wrong, under a digest that is right."""

    def arrange(folder: Path) -> None:
        edited(PRICES, '"0.8048"', f'"{usd}"')(folder)
        file = snapshots._decoded((folder / PRICES).read_bytes(), str(PRICES))
        digest = snapshots.snapshot_digest(snapshots._without_digest(file))
        edited(PRICES, file.sha256, digest)(folder)

    return arrange


def limited(*others: Arrange, limits: str = LIMIT) -> Arrange:
    """Return what configures a limit for a plan without GPUs."""
    return both(plan(SERVERS), text(limits, LIMITS), *others)


def both(*several: Arrange) -> Arrange:
    """Return what does several things in turn."""

    def arrange(folder: Path) -> None:
        for each in several:
            each(folder)

    return arrange


def standing(*resources: Json, same: int = 1, project: str = "shop") -> Arrange:
    """Return what writes a plan that leaves something as it is, and a state."""

    def arrange(folder: Path) -> None:
        put(folder, preview(GPUS, same=same))
        document = {"version": 3, "deployment": {"manifest": {}, "resources": list(resources)}}
        (folder / STATE).write_text(json.dumps(document).replace("::shop::", f"::{project}::"))

    return arrange


def waived(**changes: str) -> Arrange:
    """Return what exceeds a limit and waives that."""
    waiver = {
        "owner": '"Ada"',
        "reason": '"load test"',
        "check": '"limit.monthly_usd"',
        "stack": '"shop/dev"',
        "up_to": "200",
        "expires": str(TODAY + timedelta(days=7)),
    } | changes
    lines = "".join(f"{key} = {value}\n" for key, value in waiver.items() if value)
    return limited(text(lines, WAIVERS / "load.toml"), limits="[limits]\nmonthly_usd = 100\n")


def removed(document: Json, *keys: str) -> Json:
    """Return a document without some keys."""
    return {key: value for key, value in document.items() if key not in keys}


def two_stacks(folder: Path) -> None:
    """Write a plan whose second step is of another stack."""
    other = json.loads(json.dumps(create(NODE_GROUP, "other", pool(1))).replace(":dev::", ":prod::"))
    put(folder, preview(GPUS, other))


def without_inputs(folder: Path) -> None:
    """Remove what the decision was computed from."""
    for path in (folder / DECISION.parent).glob("*.inputs.json"):
        path.unlink()


def duplicate_keys(folder: Path) -> None:
    """Write a plan in which the most nodes are told twice, 99 first."""
    content = json.dumps(preview(GPUS))
    (folder / PLAN).write_text(content.replace('"maxSize": 2', '"maxSize": 99, "maxSize": 2'))
