"""A process tree that is ended whole, also when this process dies: see `shim.py`."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SHIM = str(Path(__file__).with_name("shim.py"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a container's own process, its probes and its hooks share.

    Attributes:
        log: Standard output and error are added to this file.
    """

    environment: Mapping[str, str]
    folder: Path
    log: Path


class Process:
    """A running command with everything that it starts."""

    def __init__(self, shim: asyncio.subprocess.Process) -> None:
        self._shim = shim

    @classmethod
    async def start(cls, command: tuple[str, ...], setting: Setting) -> "Process":
        """Return the started command; one that cannot be started ends with code 128."""
        with setting.log.open("ab") as log:
            shim = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", _SHIM, *command),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=setting.environment,
                cwd=setting.folder,
                start_new_session=True,
            )
        return cls(shim)

    async def wait(self) -> int:
        """Return the exit code, 128 + number after a signal."""
        return await self._shim.wait()

    async def ends_within(self, seconds: float) -> bool:
        """Return whether the command ends within the time."""
        try:
            async with asyncio.timeout(seconds):  # wait_for of Python 3.11 may swallow a cancellation
                await self._shim.wait()
        except TimeoutError:
            return False
        return True

    def signal(self, name: str) -> None:
        """Send the signal to the command, as to process number 1 of a container: it counts only if handled."""
        if self._shim.returncode is None:
            self._shim.send_signal(signal.Signals[name])

    def kill(self) -> None:
        """Kill the command and everything that it started."""
        if self._shim.stdin is not None:
            self._shim.stdin.close()

    async def end(self) -> None:
        """Kill it all and collect it, also when cancelled meanwhile: that takes milliseconds."""
        self.kill()
        collecting = asyncio.ensure_future(self._shim.wait())
        cancelled = None
        while not collecting.done():
            try:
                await asyncio.shield(collecting)
            except asyncio.CancelledError as exc:
                cancelled = exc
        if cancelled is not None:
            raise cancelled
