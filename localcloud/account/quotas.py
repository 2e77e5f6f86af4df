"""The vCPU quotas of the pretend account, and what counts against them."""

import re
from collections.abc import Mapping

from localcloud.account import instance_types
from localcloud.account.errors import ApiError
from localcloud.account.store import State

# Quota codes of service `ec2`: https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html and the
# names that ListServiceQuotas gives (several public repositories, read 2026-11-23).
ON_DEMAND = {"standard": "L-1216C47A", "g": "L-DB2E81BA", "p": "L-417A185B"}
SPOT = {"standard": "L-34B43A08", "g": "L-3819A6DF", "p": "L-7212CCBC", "p5": "L-C4BD4855"}

_FAMILY = re.compile(r"(?P<letters>[a-z]+)(?P<generation>\d+)")
_GRAPHICS = frozenset({"g", "gr", "vt"})
_STANDARD = frozenset("acdhimrtz")
_OTHERS = frozenset({"dl", "inf", "trn", "hpc", "mac"})  # with quotas of their own, which this account does not have
_P5 = 5  # spot P6 has another quota again

NAMES: Mapping[str, str] = {
    "L-1216C47A": "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    "L-DB2E81BA": "Running On-Demand G and VT instances",
    "L-417A185B": "Running On-Demand P instances",
    "L-34B43A08": "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
    "L-3819A6DF": "All G and VT Spot Instance Requests",
    "L-7212CCBC": "All P4, P3 and P2 Spot Instance Requests",
    "L-C4BD4855": "All P5 Spot Instance Requests",
}

# In vCPUs, ours: enough for the local stack; a new real account has 0 for P and often for G.
DEFAULTS: Mapping[str, float] = {
    "L-1216C47A": 512,
    "L-DB2E81BA": 768,
    "L-417A185B": 384,
    "L-34B43A08": 512,
    "L-3819A6DF": 768,
    "L-7212CCBC": 192,
    "L-C4BD4855": 192,
}


def limit(state: State, code: str) -> float | None:
    """The quota in vCPUs; None for a code that the account does not have."""
    return state.quotas.get(code, DEFAULTS.get(code))


def code_of(instance_type: str, *, spot: bool) -> str | None:
    """The quota that the type counts against, None for families that are not limited here."""
    found = _FAMILY.match(instance_type)
    if found is None:
        return None
    letters, generation = found["letters"], int(found["generation"])
    codes = SPOT if spot else ON_DEMAND
    if letters in _GRAPHICS:
        return codes["g"]
    if letters == "p":
        return codes["p5"] if spot and generation == _P5 else codes["p"] if generation <= _P5 or not spot else None
    return codes["standard"] if letters[0] in _STANDARD and letters not in _OTHERS else None


def check_room(state: State, instance_type: str, count: int, *, spot: bool) -> None:
    """Returns when so many more instances fit into the quota.

    Raises:
        ApiError: VcpuLimitExceeded, as EC2 says it.
    """
    code = code_of(instance_type, spot=spot)
    allowed = limit(state, code) if code else None
    if code is None or allowed is None:
        return
    wanted = _used(state, code) + count * instance_types.vcpus(instance_type)
    if wanted > allowed:
        error = "MaxSpotInstanceCountExceeded" if spot else "VcpuLimitExceeded"
        message = (
            f"You have requested more vCPU capacity ({wanted}) than your current vCPU limit of {allowed:g} allows"
        )
        raise ApiError(error, f"{message} for the instance bucket of {instance_type}: quota {code}, {NAMES[code]}")


def _used(state: State, code: str) -> int:
    """The vCPUs that already count against the quota."""
    running = state.of_type("aws:ec2/instance:Instance")
    pairs = [(each.inputs["instanceType"], bool(each.inputs["spot"])) for each in running]
    return sum(instance_types.vcpus(name) for name, spot in pairs if code_of(name, spot=spot) == code)
