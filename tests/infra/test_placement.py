"""Whether replicas find room: by hand, and against every way to place them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.placement import first_without_room

SIZES = st.sampled_from([1, 2, 4])
SERVERS = st.dictionaries(st.sampled_from("abc"), st.tuples(st.integers(0, 2), SIZES), max_size=3)


@pytest.mark.parametrize(
    ("servers", "late"),
    [
        ({}, None),
        ({"a": (2, 1)}, None),
        ({"a": (3, 1)}, "a"),
        ({"a": (1, 2)}, "a"),
        ({"a": (1, 1), "b": (1, 1)}, None),
        ({"a": (2, 1), "b": (1, 1)}, "b"),
    ],
)
def test_two_nodes_of_one_gpu_hold_two_small_replicas(servers: dict[str, tuple[int, int]], late: str | None) -> None:
    assert first_without_room(servers, nodes=2, gpus=1) == late


def test_a_replica_is_never_split_over_nodes() -> None:
    assert first_without_room({"a": (3, 3)}, nodes=2, gpus=4) == "a"


@given(servers=SERVERS, nodes=st.integers(0, 2))
def test_it_finds_room_exactly_where_there_is_some(servers: dict[str, tuple[int, int]], nodes: int) -> None:
    replicas = [size for count, size in servers.values() for _ in range(count)]
    placings = itertools.product(range(nodes), repeat=len(replicas))

    def fits(placing: tuple[int, ...]) -> bool:
        used = [0] * nodes
        for node, size in zip(placing, replicas, strict=True):
            used[node] += size
        return max(used, default=0) <= 4

    assert (first_without_room(servers, nodes=nodes, gpus=4) is None) == any(map(fits, placings))
