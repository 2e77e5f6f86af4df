"""`python -m localcloud`: the commands of the local cloud."""

import argparse
import os
import sys
from collections.abc import Sequence

from costcheck.errors import CostcheckError
from localcloud.paths import Home
from localcloud.toolchain.build import build


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 1 with a message where it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m localcloud", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("build", help="build the tools that are missing")
    making.add_argument("names", nargs="*")
    told = parser.parse_args(arguments)
    home = Home.from_environment(os.environ)
    try:
        build(told.names, cache_root=home.tools, environ=os.environ)
    except CostcheckError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
