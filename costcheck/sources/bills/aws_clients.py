"""boto3's clients for bills: the user's own credentials, a few patient attempts, loaded late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from costcheck.errors import SourcePayloadError, UsageError
from costcheck.sources.prices.aws_calls import translated_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from costcheck.sources.bills.contract import PullRequest

ATTEMPTS = 8
TIMEOUT_SECONDS = 60
ACCOUNT_ACTION = "sts:GetCallerIdentity"
TRIES = 2
"""How often an answer that is none is asked for."""
LOGIN_HELP = "AWS credentials as boto3 finds them: AWS_PROFILE, `aws sso login`, AWS_ACCESS_KEY_ID, or a role"


def require_login(request: PullRequest, iam_action: str) -> None:
    """Do nothing if there are credentials; nobody is asked whether they are good.

    Raises:
        UsageError: There are none.
        SourceAuthError: The profile does not exist, or its login has run out.
    """
    with translated_errors(iam_action):
        found = _session(request).get_credentials()
    if found is None:
        message = f"no AWS credentials; {iam_action} needs some"
        raise UsageError(message, expected=LOGIN_HELP, action="log in, or export AWS_PROFILE=..., then run it again")


def open_client(request: PullRequest, service: str, region_id: str, iam_action: str) -> Any:  # noqa: ANN401 - boto3's
    """Return boto3's client of one service in one region, at `--endpoint-url` where that was given.

    Raises:
        SourceAuthError: The profile does not exist.
    """
    from botocore.config import Config  # noqa: PLC0415 - slow to load

    attempts = request.retry.attempts if request.retry else ATTEMPTS
    timeout = request.retry.timeout_seconds if request.retry else TIMEOUT_SECONDS
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts}, connect_timeout=10, read_timeout=timeout
    )
    with translated_errors(iam_action):
        return _session(request).client(
            service, region_name=region_id, config=config, endpoint_url=request.options.get("endpoint-url")
        )


def account_of(request: PullRequest, region_id: str) -> str:
    """Return the account of the credentials, which its bill does not tell; asking needs no permission.

    Raises:
        SourceError: STS refused or did not answer, or with something that is no account.
    """
    client = open_client(request, "sts", region_id, ACCOUNT_ACTION)
    # botocore does not ask again where a gateway's page stands in place of XML.
    for _ in range(TRIES - 1):
        try:
            return _account(client)
        except SourcePayloadError:
            continue
    return _account(client)


def _account(client: Any) -> str:  # noqa: ANN401 - boto3's
    account = ask(ACCOUNT_ACTION, client.get_caller_identity).get("Account")
    if not isinstance(account, str) or not account:
        message = f"{ACCOUNT_ACTION}: the answer names no account"
        raise SourcePayloadError(
            message, expected="the account of these credentials", action="check --endpoint-url and any proxy"
        )
    return account


def ask(iam_action: str, call: Callable[..., Any], **arguments: object) -> Any:  # noqa: ANN401 - AWS's own shape
    """Return what AWS answers to one call.

    Raises:
        SourceError: AWS refused, did not answer, or answered with something that botocore itself trips over.
    """
    try:
        with translated_errors(iam_action):
            return call(**arguments)
    except (AttributeError, IndexError, KeyError, OverflowError, RuntimeError, TypeError, ValueError) as exc:
        # botocore lets these out where a body is `null` or a list, or a moment in it is none.
        message = f"{iam_action}: the answer cannot be read: {type(exc).__name__}"
        raise SourcePayloadError(
            message, expected="an answer in AWS's documented shape", action="check the network and any proxy"
        ) from exc


def pages(iam_action: str, call: Callable[..., Any], member: str, **arguments: object) -> Iterator[Any]:
    """Yield every page of an answer that pages with `NextToken`.

    Args:
        iam_action: The permission that it needs, for the message.
        call: boto3's method.
        member: What every page has, be it empty.
        arguments: Of the call.

    Raises:
        SourceError: See `ask`; or a page is none, or its token came before.
    """
    seen: set[str] = set()
    token: dict[str, str] = {}
    while True:
        page = _page(iam_action, call, member, {**arguments, **token})
        yield page
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}
        if token["NextToken"] in seen:
            message = f"{iam_action}: a page's token came a second time, after {len(seen) + 1} pages"
            raise SourcePayloadError(message, expected="a new token for each page", action="run it again")
        seen.add(token["NextToken"])


def _page(iam_action: str, call: Callable[..., Any], member: str, arguments: dict[str, object]) -> Any:  # noqa: ANN401 - AWS's own shape
    # botocore takes an answer that was cut off for one without members, and does not ask again.
    for _ in range(TRIES):
        page = ask(iam_action, call, **arguments)
        if isinstance(page.get(member), list):
            return page
    message = f"{iam_action}: a page without {member}"
    raise SourcePayloadError(message, expected="pages, be they empty, that name what they list", action="try again")


def _session(request: PullRequest) -> Any:  # noqa: ANN401 - boto3's own types depend on the service
    import boto3  # noqa: PLC0415 - slow to load

    return boto3.Session(
        profile_name=request.environ.get("AWS_PROFILE") or None,
        aws_access_key_id=request.environ.get("AWS_ACCESS_KEY_ID") or None,
        aws_secret_access_key=request.environ.get("AWS_SECRET_ACCESS_KEY") or None,
        aws_session_token=request.environ.get("AWS_SESSION_TOKEN") or None,
    )
