"""Entry point: the only reader of the clock and the environment."""

import os
import sys
from datetime import UTC, datetime

import click

from costcheck.cli.app import costcheck
from costcheck.cli.context import Context
from costcheck.errors import CostcheckError, ExitCode


def main() -> None:
    """Run the command and leave with its exit code; a known error prints what to do, never a traceback."""
    context = Context(now=datetime.now(UTC), environ=dict(os.environ))
    try:
        code = costcheck.main(standalone_mode=False, obj=context)
    except CostcheckError as exc:
        click.echo(f"costcheck: {exc}", err=True)
        sys.exit(exc.exit_code)
    except click.ClickException as exc:
        exc.show()
        sys.exit(ExitCode.USAGE)
    except click.Abort:
        click.echo("costcheck: interrupted", err=True)
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else ExitCode.DONE)


if __name__ == "__main__":
    main()
