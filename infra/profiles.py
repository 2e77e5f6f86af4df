"""What each profile means where the stack configuration says nothing: one table."""

from dataclasses import dataclass

from infra.config_records import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """Values that a profile sets; every one of them is also a key of the configuration.

    Attributes:
        zone_count: Zones of the network.
        nat: `single` or `per_zone`.
        system_node_count: Two keep DNS up while one is replaced; three stand in three zones.
        log_retention_days: For control plane and flow logs.
        deletion_protection: Of the cluster.
        monitoring: Prometheus, GPU metrics and scaling on them.
    """

    zone_count: int
    nat: str
    system_node_count: int
    log_retention_days: int
    deletion_protection: bool
    monitoring: bool


DEFAULTS = {
    Profile.SMALL: Defaults(
        zone_count=2,
        nat="single",
        system_node_count=2,
        log_retention_days=30,
        deletion_protection=False,
        monitoring=False,
    ),
    Profile.FULL: Defaults(
        zone_count=3,
        nat="per_zone",
        system_node_count=3,
        log_retention_days=365,
        deletion_protection=True,
        monitoring=True,
    ),
}
