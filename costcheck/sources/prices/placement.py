"""How likely each zone is to give spot instances of any of some types, as AWS scores it at this moment.

A score is no price, no promise and no rate of interruption. AWS limits how many new questions an account may ask in
a day, and scores fewer than three types low whatever there is.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-placement-score.html
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from costcheck.errors import SourcePayloadError
from costcheck.market import PlacementScore
from costcheck.records import Origin, Provenance
from costcheck.sources.prices.aws_calls import translated_errors

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

SCORES_URL = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetSpotPlacementScores.html"
LOWEST, HIGHEST = 1, 10


class _Row(msgspec.Struct, rename="pascal"):
    region: str
    score: int
    availability_zone_id: str


def fetch_placement_scores(
    client: "EC2Client", region_id: str, instance_types: Sequence[str], target_capacity: int, *, retrieved_on: date
) -> tuple[PlacementScore, ...]:
    """Return the score of each zone of the region for so many instances of any of the types, by zone.

    Raises:
        SourceError: AWS did not answer usefully.
    """
    names = tuple(sorted(set(instance_types)))
    with translated_errors("ec2:GetSpotPlacementScores"):
        pages = client.get_paginator("get_spot_placement_scores").paginate(
            InstanceTypes=list(names),
            TargetCapacity=target_capacity,
            SingleAvailabilityZone=True,
            RegionNames=[region_id],
        )
        rows = [row for page in pages for row in page.get("SpotPlacementScores", [])]
    provenance = Provenance(
        source="ec2_get_spot_placement_scores", source_url=SCORES_URL, retrieved_on=retrieved_on, origin=Origin.LIVE
    )
    return normalise_placement_scores(rows, region_id, names, target_capacity, provenance)


def normalise_placement_scores(
    rows: Iterable[object], region_id: str, names: tuple[str, ...], target_capacity: int, provenance: Provenance
) -> tuple[PlacementScore, ...]:
    """Return the scores of one region's zones as records.

    Raises:
        SourcePayloadError: A row lacks what AWS always says, or its score is not from 1 to 10.
    """
    scores = {
        row.availability_zone_id: PlacementScore(
            region_id=region_id,
            zone_id=row.availability_zone_id,
            instance_types=names,
            target_capacity=target_capacity,
            score=row.score,
            provenance=provenance,
        )
        for row in map(_converted, rows)
        if row.region == region_id
    }
    return tuple(scores[zone] for zone in sorted(scores))


def _converted(row: object) -> _Row:
    try:
        score = msgspec.convert(row, _Row)
    except msgspec.ValidationError as exc:
        message = f"a spot placement score reads {str(row)[:80]!r}: {exc}"
        raise SourcePayloadError(
            message, expected="the shape of GetSpotPlacementScores", action="try again later"
        ) from exc
    if not LOWEST <= score.score <= HIGHEST:
        message = f"the placement score of {score.availability_zone_id} is {score.score}"
        raise SourcePayloadError(message, expected="a score from 1 to 10", action="try again later")
    return score
