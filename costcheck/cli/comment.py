"""The gate's answer on a pull request. Whether it can be written there never changes what the gate answers."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOKENS = ("GITHUB_TOKEN", "WORTHWHILE_GITLAB_TOKEN")


def post_comment(render: Callable[[], str], environ: Mapping[str, str], where: Literal["github", "gitlab"]) -> None:
    """Write the comment in place of an earlier one; a failure is one line on standard error and nothing else."""
    from costcheck.comments import post_to_github, post_to_gitlab  # noqa: PLC0415 - httpx2 is slow to load
    from costcheck.report.figures import plain  # noqa: PLC0415 - msgspec is slow to load

    try:
        {"github": post_to_github, "gitlab": post_to_gitlab}[where](render(), environ)
    except Exception as exc:  # noqa: BLE001 - not even a mistake of ours may turn a verdict into a crash
        line = f"The comment was not written to {where}: {plain(getattr(exc, 'seen', repr(exc)))}"
        expected = getattr(exc, "expected", "")
        line += f" (expected: {plain(expected)})" if expected else ""
        for token in filter(None, map(environ.get, TOKENS)):
            line = line.replace(token, "[key]")
        with suppress(OSError):
            click.echo(line, err=True)
