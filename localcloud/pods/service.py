"""A Service as a client on this machine sees it: there is no kube-proxy and no cluster DNS here.

The EndpointSlices that Kubernetes' own controller keeps say which pods are ready; one of them is chosen, in turn, for
each request, as a gateway without persistent connections does.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

from localcloud.pods import addresses

Json = Any


class NoEndpointError(Exception):
    """No pod behind the Service is ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A Service of the local cloud.

    Attributes:
        client: Asks the API server (`localcloud.pods.api.Cluster.blocking_client`).
    """

    client: httpx2.Client
    namespace: str
    name: str
    _turn: Iterator[int] = field(default_factory=itertools.count)

    def url(self, port: str = "http") -> str:
        """Return http://ADDRESS:PORT of the next ready pod, by the name of the Service's port.

        Raises:
            NoEndpointError: No pod is ready.
        """
        ready = sorted(self.ready_urls(port))
        if not ready:
            msg = f"service {self.namespace}/{self.name} has no ready endpoint on port {port}"
            raise NoEndpointError(msg)
        return ready[next(self._turn) % len(ready)]

    def ready_urls(self, port: str = "http") -> set[str]:
        """Return the URLs of all ready pods."""
        path = f"/apis/discovery.k8s.io/v1/namespaces/{self.namespace}/endpointslices"
        selector = {"labelSelector": f"kubernetes.io/service-name={self.name}"}
        slices = self.client.get(path, params=selector).raise_for_status().json()["items"]
        return {url for one in slices for url in ready_urls(one, port)}


def ready_urls(endpoint_slice: Json, port: str) -> set[str]:
    """Return the URLs of a slice's ready endpoints."""
    numbers = [entry["port"] for entry in endpoint_slice.get("ports") or [] if entry.get("name", "") == port]
    endpoints = endpoint_slice.get("endpoints") or []
    ready = [address for one in endpoints if one.get("conditions", {}).get("ready") for address in one["addresses"]]
    return {f"http://{addresses.local(address)}:{number}" for address in ready for number in numbers}
