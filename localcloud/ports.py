"""The loopback ports of one local cloud: chosen free once, then kept, since stacks remember the cluster's address."""

import json
import socket
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from localcloud.errors import ProcessError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Who listens where."""

    etcd: int
    etcd_peer: int
    apiserver: int
    aws: int

    @classmethod
    def kept_in(cls, file: Path) -> "Ports":
        """Return the ports that the file names; choose and write them where there is no file."""
        if file.exists():
            return cls(**json.loads(file.read_text(encoding="utf-8")))
        names = [field.name for field in fields(cls)]
        chosen = cls(**dict(zip(names, _free(len(names)), strict=True)))
        file.write_text(json.dumps(asdict(chosen)), encoding="utf-8")
        return chosen


def require_free(port: int, *, owner: str) -> None:
    """Refuse to start a server whose port another program took while this cloud was down.

    Raises:
        ProcessError: Something listens there.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise ProcessError(
                seen=f"port {port}, which this cloud's {owner} had, is taken",
                expected="a free port: stacks remember the address, so it cannot be another one",
                action="end the program that took it, or `python -m localcloud down` and start anew",
            ) from error


def _free(count: int) -> list[int]:
    """Return different ports that nothing listens on."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]
