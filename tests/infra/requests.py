"""What Pulumi's engine is asked besides the inputs: what waits for what, and what is left alone."""

from dataclasses import dataclass, field

import pytest
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto.resource_pb2 import RegisterResourceRequest, RegisterResourceResponse

Key = tuple[str, str]
"""Type token and logical name."""


@dataclass(frozen=True, slots=True)
class Requests:
    """Every request for a resource, by type and name."""

    by_key: dict[Key, RegisterResourceRequest] = field(default_factory=dict)

    def __getitem__(self, key: Key) -> RegisterResourceRequest:
        return self.by_key[key]

    def waits_for(self, token: str, name: str) -> set[Key]:
        """Return everything that must exist before this resource, near and far."""
        found: set[Key] = set()
        open_: set[Key] = {(token, name)}
        while open_:
            for urn in self.by_key[open_.pop()].dependencies:
                key = _key(urn)
                if key not in found and key in self.by_key:
                    found.add(key)
                    open_.add(key)
        return found


def record_requests(monkeypatch: pytest.MonkeyPatch) -> Requests:
    """Return a record that fills while a program runs under mocks."""
    requests = Requests()
    register = MockMonitor.RegisterResource

    def remember(monitor: MockMonitor, request: RegisterResourceRequest) -> RegisterResourceResponse:
        requests.by_key[request.type, request.name] = request
        return register(monitor, request)  # type: ignore[no-any-return,no-untyped-call]

    monkeypatch.setattr(MockMonitor, "RegisterResource", remember)
    return requests


def names(keys: set[Key], token: str) -> set[str]:
    """Return the names of those of this type."""
    return {name for type_, name in keys if type_ == token}


def _key(urn: str) -> Key:
    _, _, types, name = urn.split("::", maxsplit=3)
    return types.rsplit("$", maxsplit=1)[-1], name
