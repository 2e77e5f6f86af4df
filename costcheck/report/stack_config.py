"""The chosen option as configuration of the Pulumi program: GPU node pools and model servers.

The keys are those that `Pulumi.yaml` declares; the text is what `pulumi config set-all --json` reads.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from costcheck.errors import DeniedError, UsageError
from costcheck.verdict import Decision, Fleet, OptionResult

HOURS_PER_DAY, HOURS_PER_WEEK = 24, 168
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
LONGEST_NAME = 30
SPOT_LONGEST_REQUEST_SECONDS = 60
"""What a spot node's two minutes of notice leave for a request; the program refuses more."""


def render_stack_config(decision: Decision) -> str:
    """Return the pools and servers of the chosen option, as JSON for `pulumi config set-all --json`.

    What a decision cannot know stays empty and is refused by the program until it is filled in: the commit of the
    weights' repository and the digest of their checksums.

    Raises:
        DeniedError: The decision allows no servers.
        UsageError: It runs servers at hours that no pair of cron expressions says.
    """
    option = _option_with_servers(decision)
    values = {"gpuPools": _pools(option), "modelServers": _servers(option)}
    document = {
        f"worthwhile:{key}": {"value": json.dumps(value), "objectValue": value, "secret": False}
        for key, value in values.items()
    }
    return json.dumps(document, indent=2) + "\n"


def _option_with_servers(decision: Decision) -> OptionResult:
    if decision.allowance is None or not decision.chosen_option:
        message = f"the decision of {decision.as_of} is {decision.verdict} and allows no GPU"
        raise DeniedError(
            message,
            expected="a decision to self_host or hybrid",
            action="stay on the API; decide again on the day that the record names",
        )
    return decision.option(decision.chosen_option)


def _pools(option: OptionResult) -> list[dict[str, Any]]:
    """Return one pool for each instance type and purchase option, large enough for all of its fleets."""
    fleets: dict[str, list[Fleet]] = {}
    for fleet in option.fleets:
        fleets.setdefault(_pool_name(fleet), []).append(fleet)
    return [_pool(name, members, option.weekly_hours) for name, members in fleets.items()]


def _pool(name: str, fleets: Sequence[Fleet], weekly_hours: Sequence[int]) -> dict[str, Any]:
    count = sum(fleet.instance_count for fleet in fleets)
    pool: dict[str, Any] = {
        "name": name,
        "kind": "managed",
        "instanceTypes": [fleets[0].instance_type],
        "purchaseOption": fleets[0].purchase_option,
        "nodes": {
            "min": 0 if weekly_hours else count,
            "desired": count,
            "max": sum(fleet.maximum_instance_count for fleet in fleets),
        },
        "volumeGib": math.ceil(max(fleet.node_volume_gib for fleet in fleets)),
    }
    if weekly_hours:
        pool["schedule"] = paying_hours(weekly_hours)
    return pool


def _servers(option: OptionResult) -> list[dict[str, Any]]:
    names = _unique(_name(fleet.model) for fleet in option.fleets)
    return [_server(name, fleet) for name, fleet in zip(names, option.fleets, strict=True)]


def _server(name: str, fleet: Fleet) -> dict[str, Any]:
    limit = {"longestRequestSeconds": SPOT_LONGEST_REQUEST_SECONDS} if fleet.purchase_option == "spot" else {}
    # No `quantization`: vLLM reads it from the checkpoint, and another name for it beside that is an error.
    return {
        "name": name,
        "model": fleet.checkpoint,
        "revision": "",
        "checksums": "",
        "weightsGib": float(fleet.weight_gib),
        "kvCacheGibPerSequence": float(fleet.longest_request_gib),
        "tensorParallel": fleet.tensor_parallel,
        "maxModelLen": fleet.context_tokens,
        # As many as the nodes of today hold: nothing adds nodes to a managed pool by itself.
        "replicas": dict.fromkeys(("min", "max"), fleet.instance_count * fleet.replicas_per_instance),
        "pool": _pool_name(fleet),
        **limit,
    }


def paying_hours(weekly_hours: Sequence[int]) -> Mapping[str, str]:
    """Return the cron expressions, in UTC, that start and stop servers around some hours of the week.

    Args:
        weekly_hours: Hours in which they run, 0 is Monday 00:00 UTC.

    Raises:
        UsageError: They start or stop at more than one hour of the day.
    """
    hours = set(weekly_hours)
    starts = sorted(hour for hour in hours if (hour - 1) % HOURS_PER_WEEK not in hours)
    stops = sorted((hour + 1) % HOURS_PER_WEEK for hour in hours if (hour + 1) % HOURS_PER_WEEK not in hours)
    return {"start": _cron(starts), "stop": _cron(stops), "timeZone": "Etc/UTC"}


def _cron(hours: Sequence[int]) -> str:
    times = {hour % HOURS_PER_DAY for hour in hours}
    if len(times) != 1:
        message = f"the servers start or stop at the hours {sorted(times)} of the day"
        raise UsageError(
            message, expected="one hour of the day for all days", action="write gpuPools[].schedule by hand"
        )
    days = ",".join(DAYS[hour // HOURS_PER_DAY] for hour in hours)
    return f"0 {times.pop()} * * {days}"


def _pool_name(fleet: Fleet) -> str:
    return _name(f"{fleet.instance_type}-{fleet.purchase_option}")


def _name(text: str) -> str:
    """Return a text as the name of a pool or server: a-z, 0-9 and single dashes, at most 30 characters."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower().rpartition("/")[2]).strip("-")
    return (plain if plain[:1].isalpha() else f"m-{plain}")[:LONGEST_NAME].rstrip("-")


def _unique(names: Iterator[str]) -> Iterator[str]:
    """Yield each name, numbered from its second use on."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        ending = f"-{seen[name]}" if seen[name] > 1 else ""
        yield name[: LONGEST_NAME - len(ending)].rstrip("-") + ending
