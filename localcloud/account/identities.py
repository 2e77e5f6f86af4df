"""Who calls: from an access key to an ARN, and from a session to the role behind it."""

import re
from collections.abc import Iterator

from localcloud.account.store import Settings

_SESSION = re.compile(r"arn:(?P<partition>[\w-]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/(?P<session>.+)")


def caller_arns(settings: Settings) -> Iterator[str]:
    """Everybody who has an access key."""
    yield settings.caller_arn
    yield from settings.callers.values()


def caller_of(settings: Settings, access_key: str) -> str:
    """The ARN behind an access key."""
    return settings.callers.get(access_key, settings.caller_arn)


def principal_of(arn: str) -> str:
    """The role of a session, or the ARN itself: what an access entry names."""
    session = _SESSION.fullmatch(arn)
    if session is None:
        return arn
    return f"arn:{session['partition']}:iam::{session['account']}:role/{session['role']}"


def session_name(arn: str) -> str:
    """The name of the session, empty for what is none."""
    session = _SESSION.fullmatch(arn)
    return session["session"] if session else ""
