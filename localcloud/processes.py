"""Processes that outlive the command that starts them, known by pid and start time: a reused pid is never hit.

Each process writes its own record before it becomes the program, so that none is unknown even if its starter is
killed at once; and each carries a mark in its environment, by which `leftovers` finds what has no record any more.
Linux only: /proc and pidfd.
"""

import os
import select
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from localcloud.errors import ProcessError

MARK = "LOCALCLOUD_SUPERVISED"
_RECORD_SECONDS = 10
_KILL_SECONDS = 10
_LOG_LINES = 15
_BOOT = Path("/proc/sys/kernel/random/boot_id")
# /proc/self is the shell itself here, and stays the same process through exec; so do its pid and start time.
_BECOME = f"""read -r stat </proc/self/stat && read -r boot <{_BOOT} &&
printf '%s\\n%s\\n' "$stat" "$boot" >"$0" && cd "$1" && shift && exec "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to start.

    Attributes:
        name: Of its record and its log in the run folder.
        command: The program's file and arguments.
        environment: All of it; the mark is added.
        folder: Its working folder.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One process that ran or runs: a pid alone is given to another process later.

    Attributes:
        pid: Its number.
        ticks: When it started, in clock ticks since the boot.
        boot: Which boot.
    """

    pid: int
    ticks: int
    boot: str

    def runs(self) -> bool:
        """True if this very process is running; one that only waits to be reaped is not."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return parse_record(f"{stat.strip()}\n{_this_boot()}") == self and _state(stat) not in "ZX"


class Processes:
    """The processes of one local cloud."""

    def __init__(self, run: Path, *, mark: str) -> None:
        self._run = run
        self._mark = mark

    def start(self, program: Program) -> Identity:
        """Start it and return who it is, once its record is written.

        Raises:
            ProcessError: It could not be started.
        """
        self._run.mkdir(parents=True, exist_ok=True)
        record = self._record(program.name)
        record.unlink(missing_ok=True)
        log = str(self.log(program.name))
        os.posix_spawn(
            "/bin/sh",
            ["/bin/sh", "-c", _BECOME, str(record), str(program.folder), *program.command],
            {**program.environment, MARK: self._mark},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
        return self._wait_for_record(program.name)

    def running(self, name: str) -> Identity | None:
        """Return the process that the record names if it still runs."""
        identity = self._read(name)
        return identity if identity and identity.runs() else None

    def recorded(self) -> list[str]:
        """Return the names of all records, whether their processes run or not."""
        return sorted(file.stem for file in self._run.glob("*.pid"))

    def log(self, name: str) -> Path:
        """Return where a process's output goes."""
        return self._run / f"{name}.log"

    def last_words(self, name: str) -> str:
        """Return the end of its log, for a message."""
        log = self.log(name)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        return "\n".join(lines[-_LOG_LINES:])

    def end(self, names: Iterable[str], *, grace_seconds: float) -> None:
        """End them at the same time: SIGTERM, and SIGKILL for those that are left after the grace; forget them."""
        chosen = list(names)
        end_all((identity for name in chosen if (identity := self._read(name))), grace_seconds=grace_seconds)
        for name in chosen:
            self._record(name).unlink(missing_ok=True)

    def leftovers(self) -> list[Identity]:
        """Return every process with this cloud's mark, recorded or not: also the children of recorded ones."""
        wanted = f"{MARK}={self._mark}".encode()
        found = [_identify(int(folder.name)) for folder in Path("/proc").glob("[0-9]*") if _has(folder, wanted)]
        return [identity for identity in found if identity and identity.runs()]

    def _record(self, name: str) -> Path:
        return self._run / f"{name}.pid"

    def _read(self, name: str) -> Identity | None:
        record = self._record(name)
        return parse_record(record.read_text(encoding="utf-8")) if record.exists() else None

    def _wait_for_record(self, name: str) -> Identity:
        deadline = time.monotonic() + _RECORD_SECONDS
        while (identity := self._read(name)) is None:
            if time.monotonic() > deadline:
                raise ProcessError(
                    seen=f"{name} did not start: {self.last_words(name)}",
                    expected=f"a record in {self._run}",
                    action="see that /bin/sh and /proc are there and the folder can be written",
                )
            time.sleep(0.002)
        return identity


def parse_record(text: str) -> Identity | None:
    """Return who a record names: /proc/PID/stat of proc(5), then the boot; None for half a record."""
    lines = text.splitlines()
    if len(lines) < 2 or not lines[1]:  # noqa: PLR2004 - the two lines
        return None
    after_name = lines[0].rpartition(")")[2].split()
    return Identity(pid=int(lines[0].split()[0]), ticks=int(after_name[19]), boot=lines[1].strip())


def end_all(identities: Iterable[Identity], *, grace_seconds: float) -> None:
    """End these very processes: SIGTERM, and SIGKILL for those left after the grace; return when all are gone."""
    handles = [handle for identity in identities if (handle := _open(identity)) is not None]
    try:
        _signal(handles, signal.SIGTERM)
        left = _wait(handles, grace_seconds)
        _signal(left, signal.SIGKILL)
        _wait(left, _KILL_SECONDS)
    finally:
        for handle in handles:
            os.close(handle)


def _open(identity: Identity) -> int | None:
    """Return a handle of the process, which no other process can take over, or None if it runs no more."""
    try:
        handle = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return None
    if identity.runs():
        return handle
    os.close(handle)
    return None


def _signal(handles: Iterable[int], which: signal.Signals) -> None:
    for handle in handles:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, which)


def _wait(handles: Sequence[int], seconds: float) -> list[int]:
    """Return the handles of those that still run after the time."""
    deadline = time.monotonic() + seconds
    left = list(handles)
    while left and (remaining := deadline - time.monotonic()) > 0:
        ended, _, _ = select.select(left, [], [], remaining)
        left = [handle for handle in left if handle not in ended]
    return left


def _identify(pid: int) -> Identity | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    return parse_record(f"{stat.strip()}\n{_this_boot()}")


def _has(folder: Path, wanted: bytes) -> bool:
    try:
        return wanted in (folder / "environ").read_bytes().split(b"\0")
    except OSError:  # another user's, or just gone
        return False


def _state(stat: str) -> str:
    return stat.rpartition(")")[2].split()[0]


def _this_boot() -> str:
    return _BOOT.read_text(encoding="utf-8").strip()
