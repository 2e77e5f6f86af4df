"""The command `costcheck`: parse, wire, print, exit code. Commands load what they need when they run."""

import click

from costcheck.cli.bills import bill
from costcheck.cli.break_even import break_even
from costcheck.cli.decide import decide, demo, schema
from costcheck.cli.drift import drift
from costcheck.cli.explain import explain
from costcheck.cli.gate import gate
from costcheck.cli.init import init
from costcheck.cli.leftovers import leftovers
from costcheck.cli.prices import prices
from costcheck.cli.stack_config import stack_config


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="worthwhile", prog_name="costcheck")
def costcheck() -> None:
    """Should you run your own language model? Decide from your own bills and dated prices.

    Exit codes: 0 done or allowed, 2 usage error, 3 denied, 4 insufficient evidence; anything else is a crash.
    """


for command in (init, bill, prices, decide, drift, demo, explain, break_even, stack_config, gate, leftovers, schema):
    costcheck.add_command(command)
