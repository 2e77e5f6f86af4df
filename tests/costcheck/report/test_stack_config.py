import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcheck.errors import DeniedError, UsageError
from costcheck.report.stack_config import paying_hours, render_stack_config
from costcheck.verdict import Decision, Fleet
from tests.costcheck import builders

WORKING_HOURS = tuple(day * 24 + hour for day in range(5) for hour in range(8, 18))


def values(decision: Decision) -> dict[str, Any]:
    document = json.loads(render_stack_config(decision))
    return {key.removeprefix("worthwhile:"): entry["objectValue"] for key, entry in document.items()}


def with_fleets(*fleets: Fleet, weekly_hours: tuple[int, ...] = ()) -> Decision:
    decision = builders.self_host()
    options = tuple(
        replace(option, fleets=fleets, weekly_hours=weekly_hours)
        if option.option_id == decision.chosen_option
        else option
        for option in decision.options
    )
    return replace(decision, options=options)


def test_a_fleet_becomes_a_pool_of_its_type_with_its_ceiling() -> None:
    pools = values(with_fleets(builders.fleet(instance_type="g6e.xlarge")))["gpuPools"]

    assert pools == [
        {
            "name": "g6e-xlarge-on-demand",
            "kind": "managed",
            "instanceTypes": ["g6e.xlarge"],
            "purchaseOption": "on_demand",
            "nodes": {"min": 2, "desired": 2, "max": 3},
            "volumeGib": 100,
        }
    ]


def test_a_server_gets_what_its_fleet_was_sized_for() -> None:
    (server,) = values(with_fleets(builders.fleet(replicas_per_instance=2)))["modelServers"]

    assert server == {
        "name": "open-8b-instruct",
        "model": "example-org/open-8b-instruct-FP8",
        "revision": "",
        "checksums": "",
        "weightsGib": 8.46,
        "kvCacheGibPerSequence": 0.75,
        "tensorParallel": 1,
        "maxModelLen": 6144,
        "replicas": {"min": 4, "max": 4},
        "pool": "g6e-xlarge-on-demand",
    }


def test_fleets_of_one_type_share_a_pool_that_is_large_enough_for_both() -> None:
    fleets = builders.fleet(model="a/one"), builders.fleet(model="a/two", instance_count=1, maximum_instance_count=4)
    stack = values(with_fleets(*fleets))

    assert [pool["nodes"] for pool in stack["gpuPools"]] == [{"min": 3, "desired": 3, "max": 7}]
    assert [server["pool"] for server in stack["modelServers"]] == ["g6e-xlarge-on-demand"] * 2


def test_two_fleets_of_one_model_are_two_servers() -> None:
    stack = values(with_fleets(builders.fleet(), builders.fleet(instance_type="g6.xlarge")))

    assert [server["name"] for server in stack["modelServers"]] == ["open-8b-instruct", "open-8b-instruct-2"]


def test_paying_hours_start_and_stop_a_pool_that_may_be_empty() -> None:
    (pool,) = values(with_fleets(builders.fleet(), weekly_hours=WORKING_HOURS))["gpuPools"]

    assert pool["nodes"]["min"] == 0
    assert pool["schedule"] == {
        "start": "0 8 * * MON,TUE,WED,THU,FRI",
        "stop": "0 18 * * MON,TUE,WED,THU,FRI",
        "timeZone": "Etc/UTC",
    }


def test_a_window_past_midnight_stops_on_the_next_day() -> None:
    late = tuple((day * 24 + 20 + hour) % 168 for day in range(5) for hour in range(10))

    assert paying_hours(late) == {
        "start": "0 20 * * MON,TUE,WED,THU,FRI",
        "stop": "0 6 * * TUE,WED,THU,FRI,SAT",
        "timeZone": "Etc/UTC",
    }


def test_a_server_on_spot_finishes_its_requests_within_the_notice() -> None:
    (server,) = values(with_fleets(builders.fleet(purchase_option="spot")))["modelServers"]

    assert server["longestRequestSeconds"] == 60


def test_hours_that_no_pair_of_crons_says_are_refused() -> None:
    with pytest.raises(UsageError, match="hours \\[8, 9\\] of the day"):
        paying_hours([8, 33])


@given(st.integers(0, 23), st.integers(1, 23), st.sets(st.integers(0, 6), min_size=1))
def test_the_crons_say_the_hours_that_they_were_made_from(first: int, length: int, days: set[int]) -> None:
    hours = {(day * 24 + first + hour) % 168 for day in days for hour in range(length)}
    crons = paying_hours(sorted(hours))
    names = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")

    def moments(cron: str) -> set[int]:
        _, hour, _, _, on = cron.split()
        return {names.index(day) * 24 + int(hour) for day in on.split(",")}

    running, again = moments(crons["start"]) & hours == moments(crons["start"]), set[int]()
    for start in moments(crons["start"]):
        hour = start
        while hour not in moments(crons["stop"]):
            again.add(hour)
            hour = (hour + 1) % 168

    assert running
    assert again == hours


@pytest.mark.parametrize("decision", [builders.stay_on_api(), builders.insufficient_evidence()])
def test_a_decision_without_servers_is_denied(decision: Decision) -> None:
    with pytest.raises(DeniedError, match="allows no GPU"):
        render_stack_config(decision)


def test_the_text_is_in_the_form_of_pulumi_config_json() -> None:
    document = json.loads(render_stack_config(builders.self_host()))

    assert list(document) == ["worthwhile:gpuPools", "worthwhile:modelServers"]
    assert all(json.loads(entry["value"]) == entry["objectValue"] for entry in document.values())
    assert all(entry["secret"] is False for entry in document.values())
