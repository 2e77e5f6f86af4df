"""One digest of everything that a plan would do."""

import hashlib

import msgspec

from costcheck.plan.records import Plan


def plan_sha256(plan: Plan) -> str:
    """Return the sha256 of a plan's stack, operations and inputs, in hexadecimal."""
    content = [
        plan.project,
        plan.stack,
        plan.unchanged_count,
        [
            (
                change.urn,
                change.operation,
                change.before and change.before.inputs,
                change.after and change.after.inputs,
            )
            for change in plan.changes
        ],
    ]
    encoded = msgspec.json.Encoder(order="deterministic", decimal_format="string").encode(content)
    return hashlib.sha256(encoded).hexdigest()
