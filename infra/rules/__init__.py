"""What must be true of every resource, as pure functions of its type and inputs.

The tests hold the whole program against these rules and break them one by one; a policy pack can reuse them. Rules of
one resource look at its inputs in the provider's own names; rules of a stack see all resources, and so notice what is
missing.
"""

from collections.abc import Sequence

from infra.rules import cluster, iam, kubernetes, network, nodes, stack, storage
from infra.rules.base import Resource, Rule, Violation

RULES: tuple[Rule, ...] = (
    *cluster.RULES,
    *network.RULES,
    *nodes.RULES,
    *storage.RULES,
    *iam.RULES,
    *kubernetes.RULES,
)

__all__ = ["RULES", "Resource", "Rule", "Violation", "check"]


def check(resources: Sequence[Resource]) -> list[Violation]:
    """Return every violation; none of an empty stack would prove anything, so that is one as well."""
    if not resources:
        return [Violation(rule="something-is-checked", resource="", message="there is no resource at all")]
    single = [
        Violation(rule=rule.name, resource=resource.name, message=rule.message)
        for resource in resources
        for rule in RULES
        if resource.token in rule.tokens and not rule.holds(resource.inputs)
    ]
    return single + stack.check(resources)
