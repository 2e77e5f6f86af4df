"""The program that `pulumi` runs: configuration, admission, components, exports; read it from top to bottom."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pulumi

from infra.acceptance import accept, warnings
from infra.admission import gpu_maximums, most_at_once, read_evidence, refusal_of
from infra.assembly import Assembly
from infra.config import StackConfig
from infra.gather import gather_facts
from infra.gpu_until import apply_gpu_until
from infra.idle_cost import describe_idle_cost
from infra.memory import recall, remember
from infra.preflight import check
from infra.zones import choose_places

ROOT = Path(__file__).resolve().parents[1]


def main(now: datetime) -> None:
    """Register the whole stack, or nothing of it."""
    # Configuration, held against the account
    written = StackConfig.load(pulumi.Config())
    memory = recall(written.stack, wait=time.sleep).within(written.region)
    config = apply_gpu_until(written, now, standing=bool(memory.gpu_maximums))
    facts = gather_facts(config, memory)
    places = choose_places(config, facts, memory)
    standing = check(config, facts, places, memory, now.date())

    # Admission: nothing above has created anything, and nothing below can avoid this
    evidence = read_evidence(ROOT / config.decision)
    wanted = gpu_maximums(config.gpu_pools)
    most = most_at_once(config.gpu_pools, memory.standing)
    stack, today = f"{pulumi.get_project()}/{config.stack}", now.date()
    refusal = refusal_of(
        most, admitted=memory.gpu_maximums, evidence=evidence, stack=stack, region=config.region, today=today
    )
    if refusal and not pulumi.runtime.is_dry_run():
        raise refusal
    accepted = accept(config, facts, places, evidence.monthly_ceiling_usd or memory.monthly_ceiling_usd)
    admission = remember(accepted)

    idle_cost = describe_idle_cost(config, len(places.network))
    pulumi.log.info(idle_cost)
    for warning in warnings(written, now, standing):
        pulumi.log.warn(warning)

    # Components
    assembly = Assembly(config=config, facts=facts, places=places, admission=admission)
    key = assembly.key()
    network = assembly.network(key)
    cluster = assembly.cluster(network, key)
    kubernetes = assembly.kubernetes(cluster)
    store = assembly.store(key)
    platform = assembly.platform(network, cluster, kubernetes)
    pools = assembly.pools(network, cluster, kubernetes)
    servers = assembly.servers(cluster, pools, store, platform, kubernetes)
    assembly.budget(accepted.monthly_ceiling_usd)

    # Exports
    pulumi.export("idle_cost", idle_cost)
    pulumi.export("cluster_name", cluster.name)
    pulumi.export("kubeconfig_command", assembly.kubeconfig_command(cluster))
    pulumi.export("model_bucket", store.bucket_name)
    pulumi.export("model_urls", {name: server.url for name, server in servers.items()})
    pulumi.export("admitted_gpu_maximums", wanted)

    # A preview shows what it would cost before it fails: nothing is created by it, and the gate can say what and why
    if refusal:
        raise refusal


if __name__ == "__main__":
    main(datetime.now(UTC))
