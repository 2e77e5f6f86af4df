"""Standard output that fails with an error of ours, whoever prints: a command, click's help or rich."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from costcheck.errors import OutputError


class GuardedOutput:
    """A stream whose failed writes raise OutputError; everything else is the stream's own.

    A pipe that the reader closed (`| head`) stays a BrokenPipeError: click leaves with exit code 1 and says nothing.
    """

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - text, or the bytes below it
        self._stream = stream

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)

    @property
    def buffer(self) -> "GuardedOutput":
        """Return the bytes below the text, guarded too: click prints bytes there."""
        return GuardedOutput(self._stream.buffer)

    def write(self, content: str | bytes) -> int:
        """Write like the stream.

        Raises:
            OutputError: It cannot be written.
        """
        with _translated():
            return int(self._stream.write(content))

    def flush(self) -> None:
        """Flush like the stream.

        Raises:
            OutputError: It cannot be written.
        """
        with _translated():
            self._stream.flush()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise unwritable(exc.strerror or str(exc)) from exc


def unwritable(reason: str) -> OutputError:
    """Return the error of an output that takes nothing."""
    return OutputError(
        f"standard output cannot be written: {reason}",
        expected="a terminal, a pipe or a file with room left",
        action="send the output elsewhere and run it again",
    )
