"""Placement scores: of the zones of one region, for several types at once."""

from typing import Any

import pytest

from costcheck.errors import SourceAuthError, SourceError, SourcePayloadError
from costcheck.sources.prices.placement import fetch_placement_scores, normalise_placement_scores
from tests.costcheck.sources.prices.market_stubs import REGION, SEEN, TODAY, Stub

METHOD = "get_spot_placement_scores"
TYPES = ["g6e.xlarge", "g5.xlarge", "g6.xlarge"]


def row(zone: str = "use1-az4", score: int = 7, region: str = REGION) -> dict[str, Any]:
    return {"Region": region, "AvailabilityZoneId": zone, "Score": score}


def test_zones_are_scored_for_all_types_together(stub: Stub) -> None:
    client, stubber = stub("ec2")
    asked = {
        "InstanceTypes": sorted(TYPES),
        "TargetCapacity": 1,
        "SingleAvailabilityZone": True,
        "RegionNames": [REGION],
    }
    stubber.add_response(METHOD, {"SpotPlacementScores": [row("use1-az6"), row("use1-az4", 3)]}, asked)
    scores = fetch_placement_scores(client, REGION, TYPES, 1, retrieved_on=TODAY)
    assert [(one.zone_id, one.score) for one in scores] == [("use1-az4", 3), ("use1-az6", 7)]
    assert scores[0].instance_types == ("g5.xlarge", "g6.xlarge", "g6e.xlarge")


@pytest.mark.parametrize(
    ("code", "error"), [("UnauthorizedOperation", SourceAuthError), ("MaxConfigLimitExceeded", SourceError)]
)
def test_a_refusal_is_an_error_that_names_the_action(stub: Stub, code: str, error: type[Exception]) -> None:
    client, stubber = stub("ec2")
    stubber.add_client_error(METHOD, code, "no")
    with pytest.raises(error, match=f"ec2:GetSpotPlacementScores: AWS answered {code}"):
        fetch_placement_scores(client, REGION, TYPES, 1, retrieved_on=TODAY)


def test_another_region_s_scores_are_left_out() -> None:
    assert normalise_placement_scores([row(region="us-west-2")], REGION, (), 1, SEEN) == ()


@pytest.mark.parametrize("bad", [row(score=0), row(score=11), {"Region": REGION, "Score": 7}])
def test_a_score_outside_1_to_10_or_of_no_zone_is_an_error(bad: Any) -> None:  # noqa: ANN401 - a row of AWS
    with pytest.raises(SourcePayloadError):
        normalise_placement_scores([bad], REGION, (), 1, SEEN)
