"""AWS's clients, and calls whose answer must be there, page by page, even where it is empty."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from costcheck.errors import SourcePayloadError
from costcheck.sources.aws_regions import require_region
from costcheck.sources.leftovers.marks import Marks
from costcheck.sources.leftovers.things import Thing
from costcheck.sources.prices.aws_calls import error_code, translated_errors

if TYPE_CHECKING:
    from botocore.client import BaseClient

SERVICES = (
    "autoscaling",
    "budgets",
    "ec2",
    "eks",
    "elb",
    "elbv2",
    "kms",
    "logs",
    "resourcegroupstaggingapi",
    "s3",
    "sts",
)
"""boto3's names of the services that are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who and where is asked.

    Attributes:
        clients: One of boto3's for each service, by its name.
        account_id: Twelve digits.
        partition: `aws`, `aws-cn` or `aws-us-gov`: the start of its ARNs.
        region_id: The region of every regional client.
        marks: What makes a thing the stack's.
        tagged: Tags of everything that carries one of the marks, by ARN.
    """

    clients: Mapping[str, "BaseClient"]
    account_id: str
    partition: str
    region_id: str
    marks: Marks
    tagged: Mapping[str, Mapping[str, str]]


def open_clients(region_id: str) -> dict[str, "BaseClient"]:
    """Return boto3's clients for the user's own credentials.

    Raises:
        UsageError: AWS has no such region; the nearest name is given.
        SourceAuthError: The profile does not exist.
    """
    import boto3  # noqa: PLC0415 - slow to load
    from botocore.config import Config  # noqa: PLC0415 - the same

    config = Config(retries={"mode": "standard", "max_attempts": 8}, connect_timeout=10, read_timeout=60)
    with translated_errors("opening an AWS session"):
        session: Any = boto3.Session()
        require_region(region_id, session.get_available_regions("ec2"))
        return {name: session.client(name, region_name=region_id, config=config) for name in SERVICES}


def rows(
    client: "BaseClient",
    operation: str,
    key: str,
    iam_action: str,
    *,
    may_lack: bool = False,
    **arguments: object,
) -> list[Any]:
    """Return what every page of a listing holds under `key`.

    Args:
        client: boto3's.
        operation: Its method.
        key: Member of the answer; a page without it is no answer, unless `may_lack`.
        iam_action: The permission that it needs, for the message.
        may_lack: AWS leaves the member out where nothing is there.
        arguments: Of the call.

    Raises:
        SourceError: AWS refused, did not answer, or answered without a page or without the member.
    """
    found = pages(client, operation, iam_action, **arguments)
    if not (may_lack or all(key in page for page in found)):
        message = f"{iam_action}: of {len(found)} pages not every one has {key!r}"
        raise SourcePayloadError(
            message, expected="pages, be they empty, that name what they list", action="try again"
        )
    return [row for page in found for row in page.get(key) or ()]


def pages(client: "BaseClient", operation: str, iam_action: str, **arguments: object) -> list[Any]:
    """Return every page of a listing.

    Raises:
        SourceError: AWS refused, or did not answer with a single page.
    """
    with translated_errors(iam_action):
        if client.can_paginate(operation):
            found = list(client.get_paginator(operation).paginate(**arguments))
        else:
            found = [getattr(client, operation)(**arguments)]
    if not found:
        message = f"{iam_action}: no page at all"
        raise SourcePayloadError(message, expected="at least one page, be it empty", action="try again")
    return found


def described(
    client: "BaseClient", operation: str, key: str, iam_action: str, *, gone: str, **arguments: object
) -> Any:  # noqa: ANN401 - AWS's own shape
    """Return one thing; None where AWS says with the code `gone` that it is there no more.

    Raises:
        SourceError: AWS refused, did not answer, or answered without `key`.
    """
    with translated_errors(iam_action):
        try:
            answer = getattr(client, operation)(**arguments)
        except ClientError as exc:
            if error_code(exc) != gone:
                raise
            return None
    if key not in answer:
        message = f"{iam_action}: an answer without {key!r}"
        raise SourcePayloadError(message, expected="the documented answer", action="try again")
    return answer[key]


def normalised(answers: Iterable[Any], build: Callable[[Any], Thing | None]) -> list[Thing]:
    """Return what `build` makes of each row; None for what is gone leaves no thing.

    Raises:
        SourcePayloadError: A row lacks what AWS always says.
    """
    things = []
    for row in answers:
        try:
            thing = build(row)
        except (KeyError, TypeError, ValueError) as exc:
            message = f"a row of AWS reads {str(row)[:120]!r}: {type(exc).__name__} {exc}"
            raise SourcePayloadError(message, expected="the documented row", action="report it") from exc
        if thing is not None:
            things.append(thing)
    return things


def tag_map(listed: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Return AWS's list of `Key` and `Value` as a mapping."""
    return {row["Key"]: row.get("Value", "") for row in listed or ()}


def given(*ids: str | None) -> tuple[str, ...]:
    """Return the ids that are there."""
    return tuple(one for one in ids if one)


def resource(arn: str) -> tuple[str, str]:
    """Return `service:type` and name of an ARN; `service` alone where the ARN has no type (S3, SNS, SQS)."""
    _, _, service, _, _, rest = arn.split(":", 5)
    cut = min((place for place in (rest.find("/"), rest.find(":")) if place > 0), default=0)
    return (f"{service}:{rest[:cut]}", rest[cut + 1 :]) if cut else (service, rest)
