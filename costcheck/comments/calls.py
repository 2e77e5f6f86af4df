"""What both services have in common: settings from the environment, patience, and which comment is ours."""

import re
from collections.abc import Mapping

from costcheck.errors import UsageError
from costcheck.sources.http import RetryPolicy

PATIENCE = RetryPolicy(attempts=3, total_seconds=30.0, wait_max_seconds=5.0, retry_after_max_seconds=10.0)
"""Short: a comment is a courtesy, and a pipeline waits for it."""
TIMEOUT_SECONDS = 10.0
PAGE_SIZE = 100
"""The most that both services give at once."""


def setting(environ: Mapping[str, str], name: str, shape: str, *, help_text: str) -> str:
    """Return an environment variable that has the shape of its kind, so that it can stand in a path.

    Args:
        environ: Environment variables.
        name: Of the variable.
        shape: Regular expression for all of it.
        help_text: Where it comes from.

    Raises:
        UsageError: It is not set, or has another shape. What a variable holds is not repeated: it may be a token.
    """
    value = environ.get(name, "")
    if not re.fullmatch(shape, value):
        message = f"{name} is not set" if not value else f"{name} is not what it should be"
        raise UsageError(message, expected=help_text, action="run it where it is set, or leave --comment out")
    return value


def marker_of(body: str) -> str:
    """Return the first line, by which a comment is found again."""
    return body.splitlines()[0].strip() if body.strip() else ""


def is_marked(body: str, marker: str) -> bool:
    """Return whether a comment begins with the marker; further down it would be a quotation."""
    return bool(marker) and marker_of(body) == marker
