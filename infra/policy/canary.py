"""Proof that the pack ran: it says what it looked at, and looking at nothing is a violation."""

from collections.abc import Callable, Iterator

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationPolicy,
)

from infra.policy.closed import closed
from infra.policy.seen import Seen

NOTHING = "the pack looked at no resource at all, so nothing is proved"


def looking(seen: Seen, first: Callable[[str], object]) -> Policy:
    """Return the policy that remembers every resource; it must come first, since all others ask what it remembers."""

    def look(args: ResourceValidationArgs) -> list[str]:
        first(args.urn)
        seen.look(args)
        return []

    return ResourceValidationPolicy(
        name="every-resource-is-looked-at",
        description="Every resource must be one that the pack can read.",
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=closed(look),
    )


def canaries(seen: Seen) -> Iterator[Policy]:
    """Yield what always speaks, and what speaks where there was nothing to look at."""
    yield StackValidationPolicy(
        name="the-pack-ran",
        description="The policy pack of Worthwhile ran.",
        enforcement_level=EnforcementLevel.ADVISORY,
        validate=closed(lambda _: [f"It looked at {len(seen.managed)} resources."]),
    )
    yield StackValidationPolicy(
        name="something-is-checked",
        description="Wrong where there is no resource to check.",
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=closed(lambda _: [] if seen.managed else [NOTHING]),
    )
