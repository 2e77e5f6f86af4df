"""`costcheck stack-config`: the decision as configuration of the Pulumi program."""

from pathlib import Path

import click


@click.command("stack-config")
@click.option(
    "--decision",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("runbooks/decisions/current.json"),
    show_default=True,
)
def stack_config(decision: Path) -> None:
    """Print the GPU pools and model servers that a decision chose, for `pulumi config set-all --json`.

    Exits 3 where the decision allows no GPU.
    """
    from costcheck.report.stack_config import render_stack_config  # noqa: PLC0415 - data that only this needs
    from costcheck.verdict import read_decision  # noqa: PLC0415 - the same

    click.echo(render_stack_config(read_decision(decision)), nl=False)
