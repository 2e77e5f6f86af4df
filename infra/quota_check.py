"""Hold the most nodes that the configuration may start against EC2's quotas."""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.admission import gpu_maximums
from infra.config import StackConfig
from infra.facts import Facts
from infra.judgement import Judgement
from infra.memory import Memory
from infra.quotas import QUOTA_OPTION, QuotaRule, quota_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """Instances that one key asks for.

    Attributes:
        stands: They were admitted before.
    """

    key: str
    types: tuple[str, ...]
    option: str
    most: int
    stands: bool


def quota_rules(config: StackConfig) -> list[QuotaRule]:
    """Return every quota that the configuration counts against."""
    found = [_rule(type_, nodes.option) for nodes in _fleet(config, Memory()) for type_ in nodes.types]
    return list(dict.fromkeys(rule for rule in found if rule))


def judge_quotas(config: StackConfig, facts: Facts, memory: Memory) -> Iterator[Judgement]:
    """Yield every quota that is unknown or too small for all nodes that count against it, each at its maximum."""
    members: dict[QuotaRule, list[Nodes]] = {}
    needed: dict[QuotaRule, int] = {}
    for nodes in _fleet(config, memory):
        for rule, vcpus in _vcpus(nodes, facts).items():
            members.setdefault(rule, []).append(nodes)
            needed[rule] = needed.get(rule, 0) + nodes.most * vcpus
    for rule, fleet in members.items():
        allowed = facts.quotas.get(rule.name)
        name = f"{rule.name} ({rule.code or 'find its code by name'}) in {config.region}"
        right = f"at most {allowed} vCPUs, the quota {name}; or have it raised"
        if allowed is None:
            right = f"within a known quota; AWS does not say what {name} is"
        if allowed is None or needed[rule] > allowed:
            grown = next((nodes for nodes in fleet if not nodes.stands), None)
            culprit = grown or fleet[0]
            yield Judgement(key=culprit.key, value=f"{needed[rule]} vCPUs", right=right, stands=grown is None)


def _fleet(config: StackConfig, memory: Memory) -> Iterator[Nodes]:
    wanted = gpu_maximums(config.gpu_pools)
    for index, pool in enumerate(config.gpu_pools):
        yield Nodes(
            key=f"gpuPools[{index}].nodes.max",
            types=pool.instance_types,
            option=pool.purchase_option,
            most=pool.maximum,
            stands=memory.holds(pool, wanted),
        )
    if not config.cluster.existing_name:
        type_, count = config.cluster.system_instance_type, config.cluster.system_node_count
        yield Nodes(
            key="systemNodes.count",
            types=(type_,),
            option="on_demand",
            most=count,
            stands=count <= memory.system_nodes.get(type_, 0),
        )


def _vcpus(nodes: Nodes, facts: Facts) -> dict[QuotaRule, int]:
    """Return the vCPUs of one node by quota; of several types under one quota, the largest."""
    vcpus: dict[QuotaRule, int] = {}
    for type_ in nodes.types:
        rule = _rule(type_, nodes.option)
        if rule and type_ in facts.instances:
            vcpus[rule] = max(vcpus.get(rule, 0), facts.instances[type_].vcpus)
    return vcpus


def _rule(type_: str, option: str) -> QuotaRule | None:
    return quota_for(type_, option) if option in QUOTA_OPTION else None
