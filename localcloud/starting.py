"""One run of `up`: what it starts, waits for, and ends again if it does not get to its end."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from localcloud.errors import ProcessError
from localcloud.ports import require_free
from localcloud.processes import Identity, Processes, Program, end_all

READY_SECONDS = 90
_ASK_SECONDS = 0.1
_BECOMING_SECONDS = 0.2
_GRACE_SECONDS = 3


@dataclass(slots=True)
class Start:
    """One run of `up`."""

    processes: Processes
    started: list[Program] = field(default_factory=list)

    def ensure(self, program: Program, *, port: int | None = None) -> bool:
        """Start the program unless it runs; True if it was started. Raises ProcessError if its port is taken."""
        if self.processes.running(program.name):
            return False
        if port:
            require_free(port, owner=program.name)
        identity = self.processes.start(program)
        self.started.append(program)
        print(f"{program.name}: started, pid {identity.pid}", flush=True)
        return True

    def wait(self, program: Program, ready: Callable[[], bool]) -> None:
        """Return once it is ready.

        Raises:
            ProcessError: It, or another that it may wait for, ended; or it is not ready in time.
        """
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            for each in self.started:
                self.require_running(each)
            if time.monotonic() > deadline:
                raise self._failure(program, f"is not ready after {READY_SECONDS} s")
            time.sleep(_ASK_SECONDS)

    def require_running(self, program: Program) -> Identity:
        """Return who it is.

        Raises:
            ProcessError: It ended.
        """
        identity = self.processes.running(program.name)
        if identity is None:
            raise self._failure(program, "has ended")
        return identity

    @contextmanager
    def ended_on_failure(self) -> Iterator[None]:
        """End what this run started if it does not get to its end, also by Ctrl-C."""
        before = frozenset(self.processes.leftovers())
        try:
            yield
        except BaseException:
            if self.started:
                names = [program.name for program in self.started]
                print(f"ending again: {', '.join(names)}", file=sys.stderr, flush=True)
                self.processes.end(names, grace_seconds=_GRACE_SECONDS)
            # The signal may have come between a start and its note; what just becomes its program shows no mark yet.
            time.sleep(_BECOMING_SECONDS)
            end_all(set(self.processes.leftovers()) - before, grace_seconds=_GRACE_SECONDS)
            raise

    def _failure(self, program: Program, what: str) -> ProcessError:
        log = self.processes.log(program.name)
        return ProcessError(
            seen=f"{program.name} {what}; the end of its log:\n{self.processes.last_words(program.name)}",
            expected="a process that stays up",
            action=f"read {log}; `python -m localcloud doctor` says what is missing on this machine",
        )
