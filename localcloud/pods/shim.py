"""Keep one container's process tree: `python shim.py COMMAND...`, with a pipe from the runner as standard input.

What a container runtime and a process namespace give, without privileges:
- SIGTERM, SIGQUIT and SIGINT go to the command, but only if it handles them, as for process number 1;
- when the command has ended, every process that it left is killed, and this process exits with the command's code
  (128 + number for a signal, 128 for a command that cannot be started);
- when the pipe closes, because the runner wants it or because the runner has died, the whole tree is killed.
Run with -I -S: it starts in 20 ms, and the pod's environment must not reach this Python.
"""

import ctypes
import os
import select
import signal
import sys
from pathlib import Path

_SET_CHILD_SUBREAPER, _SET_PARENT_DEATH_SIGNAL = 36, 1  # linux/prctl.h
_FORWARDED = (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT)
_CANNOT_START = 128
_LIBC = ctypes.CDLL(None)


def main() -> None:
    """Run the command to its end, or to the end of the pipe."""
    _LIBC.prctl(_SET_CHILD_SUBREAPER, 1)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (*_FORWARDED, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)  # the wake-up pipe tells it
    command = _start(sys.argv[1:])
    code = _tend(command, woken)
    _kill_rest()
    sys.exit(code)


def _start(command: list[str]) -> int:
    """Return the process id of the command."""
    if process := os.fork():
        return process
    try:
        _become(command)
    except OSError as exc:
        print(f"cannot start {command[0]}: {exc}", file=sys.stderr, flush=True)
    os._exit(_CANNOT_START)


def _become(command: list[str]) -> None:
    """Replace this child by the command: own session, no input, ended with its parent, usual signal settings."""
    _LIBC.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execvp(command[0], command)  # noqa: S606  becoming the command is the purpose


def _tend(command: int, woken: int) -> int:
    """Return the command's exit code; forward signals and reap strays until then."""
    while True:
        ready, _, _ = select.select([sys.stdin, woken], [], [])
        if sys.stdin in ready:  # nothing is ever written: it is the end of the pipe
            os.kill(command, signal.SIGKILL)
            return _exit_code(os.waitpid(command, 0)[1])
        for number in os.read(woken, 512):
            if number in _FORWARDED and _handles(command, number):
                os.kill(command, number)
        if (code := _reap(command)) is not None:
            return code


def _handles(process: int, number: int) -> bool:
    """Return whether the process has a handler of its own for the signal."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (number - 1) & 1)


def _reap(command: int) -> int | None:
    """Collect every ended child; return the command's code if it was among them."""
    code = None
    while (ended := _wait_for_any())[0]:
        if ended[0] == command:
            code = _exit_code(ended[1])
    return code


def _wait_for_any(options: int = os.WNOHANG) -> tuple[int, int]:
    try:
        return os.waitpid(-1, options)
    except ChildProcessError:
        return 0, 0


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def _kill_rest() -> None:
    """Kill what is left: orphans come to this process, so it is done when there are no children."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while left := children.read_text(encoding="ascii").split():
        for process in left:
            os.kill(int(process), signal.SIGKILL)
        _wait_for_any(0)


if __name__ == "__main__":
    main()
