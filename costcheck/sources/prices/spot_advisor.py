"""How often spot instances are interrupted, by AWS's own count of the last month: the file of its Spot Advisor.

The file is public and undocumented; its shape is as read in the code of its users on 2026-11-26. Where it cannot be
had, the kit's own copy of 2025-07-28 serves, with its date: it is old, and knows only GPU types of that time.
https://aws.amazon.com/ec2/spot/instance-advisor/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec

from costcheck.errors import SourcePayloadError
from costcheck.facts import data_file
from costcheck.market import InterruptionBand
from costcheck.records import Origin, Provenance
from costcheck.sources.http import ApiClient, RetryPolicy

FEED_HOST: Final = "https://spot-bid-advisor.s3.amazonaws.com"
FEED_PATH: Final = "/spot-advisor-data.json"
BUNDLED: Final = ("spot_advisor", "linux_gpu_2025-07-28.json")
BUNDLED_URL: Final = (
    "https://github.com/alexei-led/spotinfo/blob/05e933139449/internal/spot/data/spot-advisor-data.json"
)
"""Where the copy is from (Apache-2.0; the data are AWS's)."""
FEED_TRIES: Final = RetryPolicy(attempts=3, total_seconds=30)
NO_KEY: Final = "no key is needed; a proxy may stand between"


class _Range(msgspec.Struct):
    index: int
    label: str


class _Rate(msgspec.Struct):
    savings: int = msgspec.field(name="s")
    band: int = msgspec.field(name="r")


class _Region(msgspec.Struct):
    linux: dict[str, _Rate] = msgspec.field(name="Linux", default_factory=dict)


class _Feed(msgspec.Struct):
    ranges: list[_Range]
    spot_advisor: dict[str, _Region]


class _Bundled(msgspec.Struct):
    """The kit's copy: Linux alone, without the level of platforms."""

    day: date = msgspec.field(name="_date")
    ranges: list[_Range]
    spot_advisor: dict[str, dict[str, _Rate]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Rates of the Spot Advisor: Linux types by region."""

    labels: Mapping[int, str]
    rates: Mapping[str, Mapping[str, _Rate]]
    provenance: Provenance


def fetch_advice(*, retrieved_on: date, base_url: str = FEED_HOST, retry: RetryPolicy = FEED_TRIES) -> Advice:
    """Return AWS's file as it is now.

    Raises:
        SourceError: It cannot be had, or is not what it was.
    """
    with ApiClient(base_url, headers={}, key_help=NO_KEY, retry=retry) as client:
        feed = client.get(FEED_PATH, (), _Feed)
    provenance = Provenance(
        source="aws_spot_advisor",
        source_url=f"{base_url}{FEED_PATH}",
        retrieved_on=retrieved_on,
        origin=Origin.LIVE,
    )
    return Advice(
        labels=_labels(feed.ranges),
        rates={region: row.linux for region, row in feed.spot_advisor.items()},
        provenance=provenance,
    )


def bundled_advice() -> Advice:
    """Return the copy that the kit carries, with the day of that copy."""
    bundled = msgspec.json.decode(data_file(*BUNDLED).read_bytes(), type=_Bundled)
    provenance = Provenance(
        source="aws_spot_advisor", source_url=BUNDLED_URL, retrieved_on=bundled.day, origin=Origin.BUNDLED
    )
    return Advice(labels=_labels(bundled.ranges), rates=bundled.spot_advisor, provenance=provenance)


def normalise_advice(advice: Advice, region_id: str, instance_types: Iterable[str]) -> tuple[InterruptionBand, ...]:
    """Return the band of each named type that the file knows in a region; of the others nothing is known.

    Raises:
        SourcePayloadError: A type has a band or a saving that the file does not explain.
    """
    known = advice.rates.get(region_id, {})
    return tuple(_band(name, known[name], region_id, advice) for name in sorted(set(instance_types) & known.keys()))


def _band(instance_type: str, rate: _Rate, region_id: str, advice: Advice) -> InterruptionBand:
    if rate.band not in advice.labels or not -100 <= rate.savings <= 100:  # noqa: PLR2004 - percent
        message = f"the Spot Advisor says of {instance_type} in {region_id}: band {rate.band}, saves {rate.savings} %"
        raise SourcePayloadError(message, expected="one of its bands, and a percentage", action="try again later")
    return InterruptionBand(
        region_id=region_id,
        instance_type=instance_type,
        label=advice.labels[rate.band],
        savings_percent=rate.savings,
        provenance=advice.provenance,
    )


def _labels(ranges: Iterable[_Range]) -> dict[int, str]:
    return {row.index: row.label for row in ranges}
