"""Child processes that end with their parent, safe to start from a process that serves gRPC."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

# Runs first in the child, then becomes the program: `preexec_fn` would fork a process that serves gRPC.
# 1 is PR_SET_PDEATHSIG and 9 SIGKILL: what the parent started ends where it stands, at once, and the next run finds a
# release that Helm calls pending. The parent may have been killed before the call.
_DIE_WITH_PARENT = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""


class Children:
    """The running children of this process, so that they can be ended with it."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    def start(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path | None = None,
        captured: bool = False,
        descriptors: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        """A started child; the caller waits with `finish`. Its three streams are pipes when captured."""
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid()), *command],
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.PIPE if captured else subprocess.DEVNULL,
            stdout=subprocess.PIPE if captured else None,
            stderr=subprocess.PIPE if captured else None,
            pass_fds=descriptors,
        )
        with self._lock:
            self._running.add(child)
        return child

    def finish(self, child: subprocess.Popen[bytes]) -> int:
        """The child's exit status, once it has ended; its pipes are closed."""
        status = child.wait()
        for stream in filter(None, (child.stdin, child.stdout, child.stderr)):
            stream.close()
        with self._lock:
            self._running.discard(child)
        return status

    def run(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        text_in: str = "",
        descriptors: Sequence[int] = (),
    ) -> subprocess.CompletedProcess[str]:
        """A child run to its end with the text on its standard input; its output is captured."""
        child = self.start(command, environment=environment, captured=True, descriptors=descriptors)
        out, err = child.communicate(text_in.encode())
        status = self.finish(child)
        return subprocess.CompletedProcess(list(command), status, out.decode(), err.decode(errors="replace"))

    def end(self) -> None:
        """Asks every running child to end; does not wait."""
        with self._lock:
            for child in self._running:
                child.terminate()
