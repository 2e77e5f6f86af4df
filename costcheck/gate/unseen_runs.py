"""Resources that run something while `pulumi up` makes them: nobody looks into it before, and the answer says so."""

import re

from costcheck.gate.assessment import Assessment
from costcheck.gate.result import Notice
from costcheck.plan.records import Operation

UNSEEN = "unseen_runs"
MOST_NAMED = 5
RUNS = frozenset({Operation.CREATE, Operation.UPDATE, Operation.REPLACE, Operation.CREATE_REPLACEMENT})
_RUNNER = re.compile(r"command:.*|pulumi-[a-z]+:dynamic(?:/[^:]*)?:.*|aws:ssm/association:Association")
"""Commands, dynamic providers (`pulumi-python:dynamic:Resource`), and associations of Systems Manager."""


def unseen_runs(found: Assessment) -> tuple[Notice, ...]:
    """Return one notice that names what runs at `up` and is not looked into, nothing where nothing does."""
    rows = [row for row in found.rows if row.operation in RUNS and _RUNNER.fullmatch(row.resource.token)]
    if not rows:
        return ()
    named = [f"`{row.resource.name}`" for row in rows[:MOST_NAMED]]
    more = [f"{len(rows) - MOST_NAMED} more"] if len(rows) > MOST_NAMED else []
    return (
        Notice(
            name=UNSEEN,
            subject=rows[0].resource.urn,
            seen=f"{', '.join([*named, *more])}: what it runs at `up` is not looked into, and may start machines",
            to_do="read what it runs before this is applied",
        ),
    )
