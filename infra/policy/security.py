"""The program's own rules (`infra.rules`): one policy each, cost tags, and what is missing in the whole stack."""

from collections.abc import Callable, Iterator

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationPolicy,
)

from costcheck.plan.records import Resource
from infra import rules
from infra.policy.closed import closed
from infra.policy.inputs import UnknownReadError, refusing
from infra.policy.seen import Seen
from infra.rules import stack

TAGS = "cost-tags-are-there"
LATER = frozenset({"policy", "assumeRolePolicy"})
"""JSON documents with ARNs of what is only made by the update: a preview cannot show any of their text."""


def security_policies(seen: Seen) -> Iterator[Policy]:
    """Yield a mandatory policy for each rule, and one that says what is left to the update."""
    for rule in rules.RULES:
        yield _mandatory(rule.name, rule.message, _keeps(rule, seen))
    yield _mandatory(
        TAGS, "Wrong where a resource would be missing on the split bill.", lambda args: _tags(args, seen)
    )
    yield StackValidationPolicy(
        name="nothing-is-missing",
        description="Wrong where something lacks what must stand beside it.",
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=closed(lambda _: _missing(seen)),
    )
    yield ResourceValidationPolicy(
        name="left-to-the-update",
        description="A document that holds ARNs still to come is checked by the update, before anything uses it.",
        enforcement_level=EnforcementLevel.ADVISORY,
        validate=closed(lambda args: _left(seen.resources[args.urn])),
    )


def _mandatory(name: str, description: str, rule: Callable[[ResourceValidationArgs], list[str]]) -> Policy:
    return ResourceValidationPolicy(
        name=name, description=description, enforcement_level=EnforcementLevel.MANDATORY, validate=closed(rule)
    )


def _keeps(rule: rules.Rule, seen: Seen) -> Callable[[ResourceValidationArgs], list[str]]:
    def ask(args: ResourceValidationArgs) -> list[str]:
        resource = seen.resources[args.urn]
        if resource.token not in rule.tokens or rule in _waiting(resource):
            return []
        return (
            [] if rule.holds(refusing(resource.inputs)) else [f"{resource.name} does not keep the rule {rule.name}"]
        )

    return ask


def _waiting(resource: Resource) -> list[rules.Rule]:
    """Return the rules that need a document which is still to come."""
    return [rule for rule in rules.RULES if resource.token in rule.tokens and _waits(rule, resource)]


def _waits(rule: rules.Rule, resource: Resource) -> bool:
    try:
        rule.holds(refusing(resource.inputs))
    except UnknownReadError as unknown:
        return unknown.path[0] in LATER
    return False


def _left(resource: Resource) -> list[str]:
    waiting = ", ".join(rule.name for rule in _waiting(resource))
    return [f"{resource.name}: {waiting}"] if waiting else []


def _tags(args: ResourceValidationArgs, seen: Seen) -> list[str]:
    resource = seen.resources[args.urn]
    return [f"{resource.name} lacks cost tags" for wrong in stack.check([_shown(resource)]) if wrong.rule == TAGS]


def _missing(seen: Seen) -> list[str]:
    shown = [_shown(resource) for resource in seen.managed]
    return [f"{wrong.resource}: {wrong.message} ({wrong.rule})" for wrong in stack.check(shown) if wrong.rule != TAGS]


def _shown(resource: Resource) -> rules.Resource:
    return rules.Resource(token=resource.token, name=resource.name, inputs=refusing(resource.inputs))
