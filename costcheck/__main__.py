"""Entry point: the only reader of the clock and the environment."""

import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import NoReturn, TextIO, cast

import click

from costcheck.cli.app import costcheck
from costcheck.cli.context import Context
from costcheck.cli.output import GuardedOutput, unwritable
from costcheck.errors import CostcheckError, ExitCode, InputFileError


def main() -> None:
    """Run the command and leave with its exit code; a known error prints what to do, never a traceback."""
    context = Context(now=datetime.now(UTC), environ=dict(os.environ))
    try:
        code = _run(context)
    except CostcheckError as exc:
        _leave(exc)
    except RecursionError:
        _leave(_nested())
    except click.ClickException as exc:
        exc.show()
        sys.exit(ExitCode.USAGE)
    except click.Abort:
        _complain("costcheck: interrupted")
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else ExitCode.DONE)


def _leave(exc: CostcheckError) -> NoReturn:
    _complain(f"costcheck: {exc}")
    sys.exit(exc.exit_code)


def _nested() -> InputFileError:
    """Return the error of JSON within JSON without end, which no parser reads, whoever sent it."""
    return InputFileError(
        "a record of a file, or of an answer, is nested too deep to be read",
        expected="JSON as its writer makes it",
        action="find that record by reading the files one by one, and take it out; nothing of its file was read",
    )


def _run(context: Context) -> object:
    output: TextIO | None = sys.stdout  # None where the caller closed it: `>&-`
    if output is None:
        reason = "it is closed"
        raise unwritable(reason)
    guarded = GuardedOutput(output)
    sys.stdout = cast("TextIO", guarded)
    try:
        code = costcheck.main(standalone_mode=False, obj=context)
        guarded.flush()
        return code
    finally:
        sys.stdout = output
        _let_go(output)


def _let_go(output: TextIO) -> None:
    # What is still unwritten would fail again when the interpreter leaves, with a traceback.
    try:
        output.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, output.fileno())
        os.close(nowhere)


def _complain(message: str) -> None:
    # Where standard error is full or closed too, the exit code still says it.
    with suppress(OSError):
        click.echo(message, err=True)


if __name__ == "__main__":
    main()
