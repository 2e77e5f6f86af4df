"""The one reader of the stack configuration.

`Pulumi.yaml` declares every key with type, default and description; this file turns the values into frozen records
and refuses what is unknown, of the wrong type, named twice or contradictory, all of it in one message.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pulumi

from infra.config_parts import (
    read_budget,
    read_cluster,
    read_images,
    read_list,
    read_network,
    read_platform,
    read_pool,
    read_server,
)
from infra.config_records import (
    AccessConfig,
    ApiAccess,
    BudgetConfig,
    ClusterConfig,
    GpuPoolConfig,
    ImagesConfig,
    ModelServerConfig,
    NetworkConfig,
    PlatformConfig,
    Profile,
)
from infra.contradictions import find_contradictions
from infra.errors import refuse
from infra.profiles import DEFAULTS
from infra.reading import Problems, Table

STRUCTURED = (
    "apiAccessCidrs",
    "administrators",
    "network",
    "cluster",
    "systemNodes",
    "gpuPools",
    "modelServers",
    "images",
    "platform",
    "budget",
)
SECRET = "modelApiKey"  # noqa: S105 - the name of the key, not its value

STACK_NAME = r"[a-z][a-z0-9-]{0,19}"
"""Roles and buckets carry it, and AWS gives those 64 and 63 characters."""

GPU_UNTIL_RIGHT = 'a moment in UTC, quoted, such as "2026-11-26T18:00:00Z"'


@dataclass(frozen=True, slots=True, kw_only=True)
class StackConfig:
    """Everything that the configuration of one stack says.

    Attributes:
        stack: Name of the stack: `dev`, `prod`, `local` or your own.
        decision: Path of the decision record from the root of the repository.
        gpu_until: When the stack's GPUs are taken back; None where they stay.
    """

    stack: str
    region: str
    profile: Profile
    decision: str
    access: AccessConfig
    network: NetworkConfig
    cluster: ClusterConfig
    gpu_pools: tuple[GpuPoolConfig, ...]
    gpu_until: datetime | None
    model_servers: tuple[ModelServerConfig, ...]
    images: ImagesConfig
    platform: PlatformConfig
    budget: BudgetConfig

    @classmethod
    def load(cls, config: pulumi.Config) -> "StackConfig":
        """Return the configuration of the stack that runs.

        Raises:
            ProblemsError: With everything that is wrong.
        """
        problems = Problems()
        region = pulumi.Config("aws").get("region") or ""
        if not region:
            problems.add("aws:region", None, "required: a region, such as us-east-1")
        key_given = bool(config.get(SECRET))
        if key_given and not pulumi.runtime.is_config_secret(config.full_key(SECRET)):
            problems.add(SECRET, "(not shown)", f"encrypted: `pulumi config set --secret {SECRET}`")
        if not re.fullmatch(STACK_NAME, pulumi.get_stack()):
            problems.add(
                "stack", pulumi.get_stack(), "1 to 20 of a-z, 0-9 and -, beginning with a letter: it names things"
            )
        stack = _read(_values(config, problems), pulumi.get_stack(), region, problems)
        find_contradictions(stack, problems, key_given=key_given)
        refuse(problems.found)
        return stack

    def pool(self, name: str) -> GpuPoolConfig | None:
        """Return the pool of this name."""
        return next((pool for pool in self.gpu_pools if pool.name == name), None)


def model_api_key() -> pulumi.Output[str]:
    """Return the key that clients of the model servers send; a secret, kept out of a record that may be printed."""
    return pulumi.Config().require_secret(SECRET)


def _values(config: pulumi.Config, problems: Problems) -> dict[str, Any]:
    """Return every value under the project's name, structured ones decoded; Pulumi hands all of them over as text."""
    given: Mapping[str, str] = {**pulumi.runtime.get_config_env(), **pulumi.runtime.config.CONFIG.get()}
    prefix = config.full_key("")
    values: dict[str, Any] = {key.removeprefix(prefix): given[key] for key in given if key.startswith(prefix)}
    for key in STRUCTURED:
        if key in values:
            try:
                values[key] = json.loads(values[key])
            except json.JSONDecodeError:
                problems.add(key, values[key], "a list or an object, as in Pulumi.yaml")
    return values


def _read(values: Mapping[str, Any], stack: str, region: str, problems: Problems) -> StackConfig:
    table = Table(values, "", problems)
    profile = table.choice("profile", list(Profile))
    defaults = DEFAULTS.get(Profile(profile) if profile else Profile.SMALL, DEFAULTS[Profile.SMALL])
    config = StackConfig(
        stack=stack,
        region=region,
        profile=Profile(profile or Profile.SMALL),
        decision=table.text("decision"),
        access=_read_access(table),
        network=read_network(table.table("network"), defaults),
        cluster=read_cluster(table.table("cluster"), table.table("systemNodes"), defaults),
        gpu_pools=read_list(table.take("gpuPools"), "gpuPools", problems, read_pool),
        gpu_until=_read_moment(table, "gpuUntil"),
        model_servers=read_list(table.take("modelServers"), "modelServers", problems, read_server),
        images=read_images(table.table("images")),
        platform=read_platform(table.table("platform"), defaults),
        budget=read_budget(table.table("budget")),
    )
    table.text(SECRET, "")  # known, and read by `model_api_key` alone
    table.end()
    return config


def _read_access(table: Table) -> AccessConfig:
    choice = table.choice("apiAccess", list(ApiAccess))
    return AccessConfig(
        choice=ApiAccess(choice or ApiAccess.OWN_IP),
        cidrs=table.texts("apiAccessCidrs", pattern=r"[0-9a-fA-F.:]+/\d+", right="networks, such as 203.0.113.0/24"),
        via=table.text("apiAccessVia", "", pattern=r"[^:\s]+:\d+", right="host:port inside the network"),
        caller_address=table.text(
            "callerAddress", pattern=r"https://\S+|[0-9a-fA-F.:]+", right="a URL or an address"
        ),
        administrators=table.texts(
            "administrators",
            pattern=r"arn:aws[\w-]*:iam::\d{12}:(role|user)/\S+",
            right="ARNs of IAM roles or users, no sessions",
        ),
    )


def _read_moment(table: Table, name: str) -> datetime | None:
    text = table.text(name, pattern=r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z|", right=GPU_UNTIL_RIGHT)
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except ValueError:
        table.wrong(name, GPU_UNTIL_RIGHT)
        return None
