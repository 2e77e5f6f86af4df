"""What the listings return: a thing in the account, a listing that failed, and the whole report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Bills(StrEnum):
    """Whether a thing costs money for as long as it is there."""

    YES = "yes"
    PREPAID = "prepaid"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One thing of the account, the stack's or not.

    Attributes:
        service: AWS's name of the service.
        id: What AWS calls it; the removing command uses the same.
        what: Kind, size and state, in words.
        since: When it was made; None where AWS does not say.
        bills: Whether it costs money for as long as it is there.
        remove: Shell command that removes it; empty where no command does, and `note` says why.
        note: What else the reader must know; empty for nothing.
        tags: Its tags.
        named: Why its name alone makes it the stack's; empty where the name says nothing.
        related: Ids of what it stands in or belongs to: its VPC, its instance, its volume.
    """

    service: str
    id: str
    what: str
    since: datetime | None
    bills: Bills
    remove: str
    note: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    named: str = ""
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """One thing that is taken for the stack's.

    Attributes:
        service: AWS's name of the service.
        id: What AWS calls it.
        what: Kind, size and state, in words.
        since: When it was made; None where AWS does not say.
        why: What makes it the stack's: its tag, its name, or what it stands in.
        bills: Whether it costs money for as long as it is there.
        remove: Shell command that removes it; empty where no command does.
        note: What else the reader must know; empty for nothing.
    """

    service: str
    id: str
    what: str
    since: datetime | None
    why: str
    bills: Bills
    remove: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlisted:
    """One listing that could not be made, so that nothing is known about its kind.

    Attributes:
        listing: What was to be listed.
        seen: What AWS answered, with the IAM action.
        expected: What would have been right.
        action: What to do next.
    """

    listing: str
    seen: str
    expected: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftoverReport:
    """Everything that one run saw.

    Attributes:
        stack: Name of the stack.
        cluster: Name of its EKS cluster; None where that was there before the stack.
        account_id: The account that was asked.
        region_id: The region that was asked.
        as_of: Time of the run, UTC.
        listed: How many things each listing returned, the stack's or not.
        leftovers: The stack's, in the order in which they are to be removed.
        unlisted: Listings that could not be made.
    """

    stack: str
    cluster: str | None
    account_id: str
    region_id: str
    as_of: datetime
    listed: Mapping[str, int]
    leftovers: tuple[Leftover, ...]
    unlisted: tuple[Unlisted, ...]

    def count(self, bills: Bills) -> int:
        """Return how many of the leftovers bill in this way."""
        return sum(leftover.bills is bills for leftover in self.leftovers)
