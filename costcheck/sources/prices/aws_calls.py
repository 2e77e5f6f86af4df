"""Turn what botocore raises into errors that name the permission and the next step."""

from collections.abc import Iterator
from contextlib import contextmanager

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

IAM_ACTIONS = (
    "pricing:GetProducts",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstanceTypeOfferings",
    "servicequotas:GetServiceQuota",
    "servicequotas:GetAWSDefaultServiceQuota",
    "servicequotas:ListServiceQuotas",
    "servicequotas:ListAWSDefaultServiceQuotas",
)
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
        action = "wait a minute and try again; the calls are free"
        return SourceRateLimitError(message, expected="an answer within the allowed attempts", action=action)
    return SourceError(message, expected="an answer without an error", action="read AWS's message, then try again")
