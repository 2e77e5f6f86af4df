import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.pods.addresses import free, local
from localcloud.pods.service import ready_urls

seeds = st.text(max_size=20)


@given(seeds, st.integers(min_value=0, max_value=50))
def test_addresses_are_never_given_twice_and_all_can_be_listened_on(seed: str, count: int) -> None:
    taken: set[str] = set()
    for _ in range(count):
        address = free(frozenset(taken), seed=seed)
        assert address not in taken
        assert not ipaddress.ip_address(address).is_loopback  # the API server refuses those in EndpointSlices
        assert ipaddress.ip_address(local(address)).is_loopback
        taken.add(address)


def test_the_address_of_a_pod_that_only_kwok_pretends_is_refused() -> None:
    with pytest.raises(ValueError, match="only pretended"):
        local("10.0.0.7")


def test_only_ready_endpoints_count_and_only_the_named_port() -> None:
    endpoint_slice = {
        "ports": [{"name": "http", "port": 8080}, {"name": "metrics", "port": 8081}],
        "endpoints": [
            {"addresses": ["10.77.0.1"], "conditions": {"ready": True}},
            {"addresses": ["10.77.0.2"], "conditions": {"ready": False, "serving": True, "terminating": True}},
        ],
    }
    assert ready_urls(endpoint_slice, "http") == {"http://127.77.0.1:8080"}


def test_a_slice_without_endpoints_has_no_urls() -> None:
    assert ready_urls({"ports": None, "endpoints": None}, "http") == set()
