"""The account-wide index of tags: what carries a tag of the stack, of whatever kind it is."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from costcheck.sources.leftovers.calls import resource, rows, tag_map
from costcheck.sources.leftovers.marks import Marks, leftover_rules
from costcheck.sources.leftovers.things import Bills, Thing

if TYPE_CHECKING:
    from botocore.client import BaseClient


def fetch_tagged(client: "BaseClient", marks: Marks) -> dict[str, dict[str, str]]:
    """Return the tags of everything in the region that carries a tag of the stack or the cluster, by ARN."""
    found: dict[str, dict[str, str]] = {}
    for key, value in marks.tag_filters():
        wanted = {"Key": key} if value is None else {"Key": key, "Values": [value]}
        for row in rows(client, "get_resources", "ResourceTagMappingList", "tag:GetResources", TagFilters=[wanted]):
            found[row["ResourceARN"]] = tag_map(row.get("Tags"))
    return found


def normalise_tagged(tagged: Mapping[str, Mapping[str, str]], listed_kinds: Collection[str]) -> list[Thing]:
    """Return what carries a tag of the stack and has no listing of its own, less what is known to be free.

    Whether a kind bills that nobody thought of is not known, so it counts as billing.

    Args:
        tagged: Tags by ARN.
        listed_kinds: Kinds that a listing of their own covers, with their states.
    """
    known = {*listed_kinds, *(row.kind for row in leftover_rules().free)}
    return [_unknown(arn, tags) for arn, tags in sorted(tagged.items()) if resource(arn)[0] not in known]


def _unknown(arn: str, tags: Mapping[str, str]) -> Thing:
    kind, _ = resource(arn)
    return Thing(
        service=kind.split(":")[0],
        id=arn,
        what=f"a thing of kind {kind}",
        since=None,
        bills=Bills.YES,
        remove="",
        note="not known here, so it counts as billing; look at it in the console, where it may already be gone",
        tags=tags,
    )
