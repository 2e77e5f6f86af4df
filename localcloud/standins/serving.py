"""Runs a plugin as the engine expects: its port on the first line of standard output, never outliving the engine."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent import futures

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from localcloud.standins.engine_log import EngineLog
from localcloud.standins.provider import Provider

MESSAGE_BYTES_MAX = (
    400 * 1024 * 1024
)  # sdk/go/common/util/rpcutil/serve.go of github.com/pulumi/pulumi: 1024*1024*400
WORKERS = 64  # a Helm release holds one while it waits; the engine starts every ready resource at once
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, linux/prctl.h


def serve_provider(provider: Provider) -> None:
    """Serves the provider until the engine ends it; the engine's address is the first argument (flags come later)."""
    provider.log = EngineLog(engine_address(sys.argv[1:], last=False))
    notice = f"{provider.package}: localcloud's stand-in for provider {provider.version}; no account is used"
    threading.Thread(target=provider.log.info, args=(notice,), daemon=True).start()
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))


def serve(register: Callable[[grpc.Server], None]) -> None:
    """Serves on a free loopback port, prints the port, and returns never: signals end the process silently."""
    end_with_parent()
    options = [("grpc.max_receive_message_length", MESSAGE_BYTES_MAX), ("grpc.max_send_message_length", -1)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=WORKERS), options=options)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


def end_with_parent() -> None:
    """Ends this process without a word on SIGINT and SIGTERM, and when its parent is killed.

    It is set from inside: `preexec_fn` in a parent that serves gRPC crashes it. Children need no more than this
    process's end (children.py).
    """
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: os._exit(0))
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)
    if os.getppid() != parent:  # killed before the line above
        os._exit(0)


def engine_address(arguments: Sequence[str], *, last: bool) -> str:
    """The engine's ``host:port`` among a plugin's arguments, "" when there is none; flags are passed over.

    Providers get it first, language hosts last.
    """
    found = [each for each in arguments if ":" in each and not each.startswith("-")]
    return found[-1 if last else 0] if found else ""
