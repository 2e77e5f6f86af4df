"""Lines that a plugin adds to what `pulumi` prints."""

from contextlib import suppress

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class EngineLog:
    """The engine's log. With an empty address, as in a provider that no engine started, it says nothing."""

    def __init__(self, address: str = "") -> None:
        self._address = address

    def info(self, message: str, urn: str = "") -> None:
        """A line for information, beside the resource when a URN is given."""
        self._say(engine_pb2.LogSeverity.INFO, message, urn)

    def warning(self, message: str, urn: str = "") -> None:
        """A warning, beside the resource when a URN is given."""
        self._say(engine_pb2.LogSeverity.WARNING, message, urn)

    def _say(self, severity: engine_pb2.LogSeverity.ValueType, message: str, urn: str) -> None:
        if not self._address:
            return
        request = engine_pb2.LogRequest(severity=severity, message=message, urn=urn)
        with (
            suppress(grpc.RpcError),
            grpc.insecure_channel(self._address) as channel,
        ):  # an engine that ends needs none
            engine_pb2_grpc.EngineStub(channel).Log(request, timeout=10)
