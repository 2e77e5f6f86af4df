"""A pretend engine for the pack: it shows resources one by one, as `pulumi` does, and keeps what it is told."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyProviderResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.policy import PolicyCustomTimeouts
from pulumi_policy.proxy import unknown_checking_proxy

from costcheck.gate.releases import RenderedReleases
from costcheck.plan.records import Plan
from costcheck.records import InstanceType
from costcheck.verdict import Decision, encode
from infra.policy.pack import policies
from tests.costcheck.gate import plans

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One diagnostic."""

    policy: str
    urn: str
    message: str
    mandatory: bool


def shown(
    token: str,
    name: str,
    inputs: Mapping[str, Any],
    *,
    parent: str = STACK,
    region: str | None = plans.REGION,
) -> ResourceValidationArgs:
    """Return what a policy gets of a resource: the protocol knows floats only, and components have no provider."""
    props = unknown_checking_proxy(_floats(dict(inputs)))
    opts = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [], parent)  # noqa: FBT003
    managed = ":" in token and not token.startswith(("pulumi:", "worthwhile:"))
    provider = f"pulumi:providers:{token.partition(':')[0]}"
    by = PolicyProviderResource(provider, unknown_checking_proxy({"region": region}), "", "default")
    return ResourceValidationArgs(token, props, plans.urn(token, name), name, opts, by if managed else None)


@dataclass(slots=True, kw_only=True)
class Engine:
    """One run of the pack.

    Attributes:
        root: Pretend repository.
        stands: Resources of the state, as `tests.costcheck.gate.plans.state_of` writes them; None where it cannot
            be read.
    """

    root: Path
    stands: list[plans.Json] | None = field(default_factory=list)
    today: date = plans.TODAY
    config: dict[str, dict[str, str]] = field(default_factory=dict)
    rendered: RenderedReleases = field(default_factory=lambda: RenderedReleases(before={}, after={}))
    exports: int = 0
    to_render: list[Plan] = field(default_factory=list)
    _pack: list[Policy] = field(default_factory=list)

    @property
    def pack(self) -> list[Policy]:
        """Return the policies of this run."""
        if not self._pack:
            self._pack = policies(self.root, today=lambda: self.today, export=self._export, render=self._render)
        return self._pack

    def decide(self, record: Decision | None) -> None:
        """Make a decision the current one, or take it away."""
        path = self.root / "runbooks/decisions/current.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(record)) if record else path.unlink(missing_ok=True)

    def show(self, *resources: ResourceValidationArgs) -> list[Told]:
        """Return what the policies of resources say, in the order of the resources."""
        return [told for resource in resources for policy in self.pack for told in self._ask(policy, resource)]

    def stops(self, *resources: ResourceValidationArgs) -> list[str]:
        """Return what stops an update that shows these resources: the messages of mandatory policies."""
        return [told.message for told in self.show(*resources) if told.mandatory]

    def end(self) -> list[Told]:
        """Return what the policies of the whole stack say."""
        told: list[Told] = []
        for policy in self.pack:
            if isinstance(policy, StackValidationPolicy):
                policy.validate(StackValidationArgs([]), _report(told, policy, STACK))
        return told

    def _ask(self, policy: Policy, resource: ResourceValidationArgs) -> list[Told]:
        told: list[Told] = []
        if isinstance(policy, ResourceValidationPolicy):
            args = ResourceValidationArgs(
                resource.resource_type,
                resource.props,
                resource.urn,
                resource.name,
                resource.opts,
                resource.provider,
                self.config.get(policy.name),
            )
            policy.validate(args, _report(told, policy, resource.urn))
        return told

    def _render(self, plan: Plan, facts: Mapping[str, InstanceType]) -> RenderedReleases:
        assert facts.keys() == plans.HOURLY_USD.keys()
        self.to_render.append(plan)
        return self.rendered

    def _export(self, stack: str) -> bytes:
        assert stack == "dev"
        self.exports += 1
        if self.stands is None:
            message = "there is no pulumi"
            raise FileNotFoundError(message)
        return json.dumps({"version": 3, "deployment": {"resources": self.stands or None}}).encode()


def _report(told: list[Told], policy: Policy, urn: str) -> Callable[[str, str | None], None]:
    mandatory = policy.enforcement_level is EnforcementLevel.MANDATORY
    return lambda message, _: told.append(Told(policy=policy.name, urn=urn, message=message, mandatory=mandatory))


def _floats(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {key: _floats(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_floats(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
