"""A provider behind a real gRPC channel, as the engine has it."""

from collections.abc import Callable, Iterator
from concurrent import futures

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2_grpc

from localcloud.standins.provider import Provider
from tests.localcloud.standins.engine_side import Engine


@pytest.fixture
def engine() -> Iterator[Callable[[Provider], Engine]]:
    """Return a function that serves a provider and returns the engine's side of it."""
    open_now: list[tuple[grpc.Server, grpc.Channel]] = []

    def serve(provider: Provider) -> Engine:
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
        channel = grpc.insecure_channel(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
        server.start()
        open_now.append((server, channel))
        return Engine(provider_pb2_grpc.ResourceProviderStub(channel))

    yield serve
    for server, channel in open_now:
        channel.close()
        server.stop(None)
