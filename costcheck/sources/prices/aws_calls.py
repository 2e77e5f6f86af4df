"""Turn what botocore raises into errors that name the permission and the next step."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoAuthTokenError,
    NoCredentialsError,
    PaginationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from costcheck.errors import SourceAuthError, SourceError, SourcePayloadError, SourceRateLimitError

LIST_PRICE_ACTIONS = (
    "pricing:GetProducts",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstanceTypeOfferings",
    "servicequotas:GetServiceQuota",
    "servicequotas:GetAWSDefaultServiceQuota",
    "servicequotas:ListServiceQuotas",
    "servicequotas:ListAWSDefaultServiceQuotas",
)
"""Without one of these there is no snapshot."""
MARKET_ACTIONS = (
    "ec2:DescribeSpotPriceHistory",
    "savingsplans:DescribeSavingsPlansOfferingRates",
    "ec2:DescribeCapacityBlockOfferings",
    "eks:DescribeClusterVersions",
    "ec2:GetSpotPlacementScores",
    "savingsplans:DescribeSavingsPlans",
    "ec2:DescribeReservedInstances",
    "ec2:DescribeCapacityReservations",
)
"""Without one of these the snapshot says what is not known, and why."""
IAM_ACTIONS = LIST_PRICE_ACTIONS + MARKET_ACTIONS
"""Everything that `costcheck prices pull` asks of an account; all of it only reads, and is free."""

_NO_LOGIN = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
    TokenRetrievalError,
    NoAuthTokenError,
    SSOError,
)
_REFUSED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "OptInRequired",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
}
_THROTTLED = {
    "LimitExceededException",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
}


@contextmanager
def translated_errors(iam_action: str) -> Iterator[None]:
    """Run AWS calls so that every failure of botocore leaves as one of ours.

    Args:
        iam_action: The action that the calls inside need, for the message.
    """
    try:
        yield
    except ClientError as exc:
        raise _from_answer(exc, iam_action) from exc
    except _NO_LOGIN as exc:
        message = f"{iam_action}: {exc}"
        raise SourceAuthError(
            message,
            expected=f"AWS credentials that may call {iam_action}",
            action="run `aws sso login` or set AWS_PROFILE, then try again",
        ) from exc
    except (PaginationError, ResponseParserError) as exc:
        message = f"{iam_action}: {exc}"
        raise SourcePayloadError(
            message, expected="pages that end, in AWS's documented shape", action="try again later"
        ) from exc
    except BotoCoreError as exc:
        message = f"{iam_action}: {exc}"
        raise SourceError(
            message,
            expected="an answer from AWS",
            action="check the network, the region and any proxy, then try again",
        ) from exc


def follow_tokens(
    call: Callable[..., Mapping[str, Any]], results: str, iam_action: str, **request: object
) -> list[Any]:
    """Return the results of every page of a call for which botocore has no paginator.

    Args:
        call: The client's method.
        results: Key of a page's results; AWS may leave it out of an empty page.
        iam_action: The action that the call needs, for messages.
        request: Its arguments.

    Raises:
        SourcePayloadError: A token comes a second time, so the pages would never end.
        SourceError: AWS did not answer usefully.
    """
    rows: list[Any] = []
    seen = {""}
    token = ""
    with translated_errors(iam_action):
        while True:
            page = call(**request, **({"nextToken": token} if token else {}))
            rows += page.get(results, [])
            token = page.get("nextToken") or ""
            if not token:
                return rows
            if token in seen:
                message = f"{iam_action}: AWS gave the token of a page that was read already"
                raise SourcePayloadError(message, expected="pages that end", action="try again later")
            seen.add(token)


def error_code(exc: ClientError) -> str:
    """Return AWS's own code of an error answer."""
    return exc.response.get("Error", {}).get("Code", "")


def _from_answer(exc: ClientError, iam_action: str) -> SourceError:
    code = error_code(exc)
    message = f"{iam_action}: AWS answered {code}: {exc.response.get('Error', {}).get('Message', '')}"
    if code in _REFUSED:
        action = f"allow {iam_action} on * for this identity, or use one that has it"
        return SourceAuthError(message, expected=f"credentials that may call {iam_action}", action=action)
    if code in _THROTTLED:
        action = "wait a minute and try again"
        return SourceRateLimitError(message, expected="an answer within the allowed attempts", action=action)
    return SourceError(message, expected="an answer without an error", action="read AWS's message, then try again")
