"""Stack configurations for tests: the defaults that Pulumi.yaml declares, a pool, a server, an account to fit."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import yaml

from infra.config import StackConfig
from infra.facts import Caller, Facts, InstanceFacts
from tests.infra.conftest import ACCOUNT, REGION, ZONES

ROOT = Path(__file__).parents[2]
SECRET = "canary-api-key"  # noqa: S105 - a canary, to be looked for
DUMMY = "sha256:" + "0" * 64
ADDONS = {"vpc-cni": "v0-test", "eks-pod-identity-agent": "v0-test"}

JsonObject = dict[str, Any]


def declared() -> JsonObject:
    """Return what Pulumi.yaml declares of each key."""
    config: JsonObject = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    return config


def pool(**changes: Any) -> JsonObject:  # noqa: ANN401 - any key, right or wrong
    """Return a pool of two L40S nodes."""
    return {
        "name": "l40s",
        "instanceTypes": ["g6e.xlarge"],
        "purchaseOption": "on_demand",
        "nodes": {"min": 0, "desired": 2, "max": 2},
    } | changes


def server(**changes: Any) -> JsonObject:  # noqa: ANN401 - any key, right or wrong
    """Return a server of two replicas on that pool."""
    return {
        "name": "qwen",
        "model": "Qwen/Qwen3-8B",
        "revision": "0123456789abcdef0123456789abcdef01234567",
        "checksums": DUMMY,
        "weightsGib": 15.3,
        "maxModelLen": 8192,
        "replicas": {"min": 2, "max": 2},
        "pool": "l40s",
    } | changes


def full_values(**changes: Any) -> JsonObject:  # noqa: ANN401 - any key, right or wrong
    """Return a configuration with a pool and a server, in which nothing is wrong."""
    return {
        "apiAccess": "own_ip",
        "callerAddress": "203.0.113.7",
        "cluster": {"addonVersions": ADDONS},
        "gpuPools": [pool()],
        "modelServers": [server()],
        "images": {"server": DUMMY, "proxy": DUMMY, "downloader": DUMMY},
        "budget": {"emails": ["ops@example.com"]},
    } | changes


AUTO_MODE = {"addonVersions": ADDONS, "autoMode": True}


def set_config(values: Mapping[str, Any], *, region: str | None = REGION, secret: str = SECRET) -> None:
    """Hand a configuration to Pulumi as its language host does: defaults filled in, everything as text."""
    defaults = {key: row["default"] for key, row in declared().items() if "default" in row}
    every = {**defaults, "modelApiKey": secret, **values}
    texts = {f"worthwhile:{key}": _text(value) for key, value in every.items() if value is not None}
    if region:
        texts["aws:region"] = region
    pulumi.runtime.set_all_config(texts, ["worthwhile:modelApiKey"])


def load(**changes: Any) -> StackConfig:  # noqa: ANN401 - any key, right or wrong
    """Return the configuration with a pool and a server, some of it changed."""
    set_config(full_values(**changes))
    return StackConfig.load(pulumi.Config())


def facts(**changes: Any) -> Facts:  # noqa: ANN401 - any field of the record
    """Return an account in which everything of `full_values` can be had."""
    default: JsonObject = {
        "caller": Caller(account_id=ACCOUNT, partition="aws", arn=f"arn:aws:iam::{ACCOUNT}:role/deployer"),
        "zones": ZONES,
        "instances": {
            "m6i.large": instance(vcpus=2, gpus=0, gpu_memory_gib=0.0),
            "g6e.xlarge": instance(),
            "g6e.12xlarge": instance(vcpus=48, gpus=4),
            "g6.xlarge": instance(gpu_memory_gib=22.35),
        },
        "quotas": {
            "Running On-Demand G and VT instances": 64,
            "All G and VT Spot Instance Requests": 8,
            "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances": 16,
        },
        "caller_address": "203.0.113.7",
    }
    return Facts(**default | changes)


def instance(**changes: Any) -> InstanceFacts:  # noqa: ANN401 - any field of the record
    """Return a type with one L40S, offered everywhere."""
    default: JsonObject = {
        "zones": frozenset(ZONES),
        "vcpus": 4,
        "memory_mib": 32_768,
        "gpus": 1,
        "gpu_memory_gib": 44.7,
    }
    return InstanceFacts(**default | changes)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
