"""`python -m localcloud`: the commands of the local cloud."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence

from costcheck.errors import CostcheckError
from localcloud import drill
from localcloud.doctor import doctor
from localcloud.down import down
from localcloud.environment import outside, read, shell_lines
from localcloud.paths import Home
from localcloud.run_pods import run_pods
from localcloud.toolchain.build import build
from localcloud.up import up

_INTERRUPTED = 128 + signal.SIGINT  # as a shell says it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 1 with a message where it cannot be done."""
    told = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace, Home], None] = told.run
    try:
        command(told, Home.from_environment(os.environ))
    except CostcheckError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localcloud", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    making = commands.add_parser("build", help="build the tools that are missing")
    making.add_argument("names", nargs="*", help="which; all if none is named")
    making.set_defaults(
        run=lambda told, home: build(told.names, cache_root=home.tools, environ=outside(home, os.environ))
    )
    starting = commands.add_parser("up", help="start everything that is not running")
    starting.set_defaults(run=lambda _, home: up(home, outside(home, os.environ)))
    ending = commands.add_parser("down", help="end every process and remove the state; the tools stay")
    ending.set_defaults(run=lambda _, home: down(home))
    running = commands.add_parser("run-pods", help="execute the pods of these namespaces")
    running.add_argument("namespaces", nargs="+")
    running.set_defaults(run=lambda told, home: run_pods(home, told.namespaces))
    examining = commands.add_parser("doctor", help="say what this machine has and lacks, and what to do")
    examining.set_defaults(run=lambda _, home: sys.exit(not doctor(home, outside(home, os.environ))))
    faults = commands.add_parser("drill", help="make a fault on purpose").add_subparsers(
        required=True, metavar="FAULT"
    )
    killing = faults.add_parser("kill", help="kill processes of the cloud, such as kube-apiserver; `up` repairs it")
    killing.add_argument("names", nargs="+")
    killing.set_defaults(run=lambda told, home: drill.kill(home, told.names))
    losing = faults.add_parser("lose-zone", help="end every machine of a zone")
    losing.add_argument("zone")
    losing.set_defaults(run=lambda told, home: drill.lose(home, told.zone))
    printing = commands.add_parser("env", help='print what a shell needs: eval "$(python -m localcloud env)"')
    printing.set_defaults(run=lambda _, home: print(shell_lines(read(home))))
    return parser


if __name__ == "__main__":
    # A shell lets its background jobs ignore SIGINT; whoever sends it means it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that `up` ends what it started
    sys.exit(main())
