"""`costcheck init`: a commented configuration to fill in."""

from pathlib import Path

import click

from costcheck.errors import UsageError


@click.command()
@click.option("--config", type=click.Path(path_type=Path), default=Path("costcheck.toml"), show_default=True)
def init(config: Path) -> None:
    """Write a commented costcheck.toml; an existing one is left alone."""
    from costcheck.facts import data_file  # noqa: PLC0415 - msgspec is slow to load

    if config.exists():
        message = f"{config} exists"
        raise UsageError(message, expected="no file of that name", action="edit it, or name another with --config")
    try:
        config.write_bytes(data_file("costcheck.template.toml").read_bytes())
    except OSError as exc:
        message = f"{config} cannot be written: {exc.strerror}"
        raise UsageError(
            message, expected="a folder that is there and can be written", action="name another with --config"
        ) from exc
    click.echo(f"{config} is written. Fill in [company], [operator] and one [[workload]], then: costcheck decide")
