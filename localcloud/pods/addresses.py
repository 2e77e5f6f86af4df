"""Each pod's own address: 10.77.y.z in Kubernetes, 127.77.y.z on this machine.

The API server refuses loopback addresses in EndpointSlices, and addresses outside 127.0.0.0/8 cannot be
listened on without privileges, so the same host part stands in two networks.
"""

import hashlib
from collections.abc import Iterator

_POD_PREFIX = "10.77."
_LOCAL_PREFIX = "127.77."
_HOSTS = 250 * 250


def local(pod_address: str) -> str:
    """Return the address at which this machine reaches the pod.

    Raises:
        ValueError: The address is none of this runner's.
    """
    if not pod_address.startswith(_POD_PREFIX):
        msg = f"{pod_address} is outside {_POD_PREFIX}0.0/16: that pod is only pretended, nothing listens"
        raise ValueError(msg)
    return _LOCAL_PREFIX + pod_address.removeprefix(_POD_PREFIX)


def free(taken: frozenset[str], *, seed: str) -> str:
    """Return a pod address outside `taken`; the seed keeps two local clouds on one machine apart."""
    first = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big") % _HOSTS
    candidates = (_POD_PREFIX + f"{host // 250}.{1 + host % 250}" for host in _hosts_from(first))
    return next(address for address in candidates if address not in taken)


def _hosts_from(first: int) -> Iterator[int]:
    return ((first + offset) % _HOSTS for offset in range(_HOSTS))
