"""Where AWS's public price files are opened: downloaded in their newest version, or found in a folder.

`region_index.json` of an offer lists the newest version for each region, Savings Plans in a list of their own shape
(https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/service-region-index-file-for-service.html, and
`service-region-index-files-for-savings-plan.html` beside it; AWS's own files in
https://github.com/jtdelia/ec2-priceit/tree/ae128cc/examples). The CSV lies beside the JSON that it names.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from costcheck.errors import InputFileError, SourcePayloadError
from costcheck.meters import METERS
from costcheck.records import Origin, Provenance
from costcheck.sources.aws_regions import require_region
from costcheck.sources.prices.public_csv import PriceFile, open_price_file
from costcheck.sources.prices.public_download import AWS_HOST, PublicHost
from costcheck.sources.prices.public_savings_plans import OFFER, OFFER_IN_FILE
from costcheck.sources.prices.pull import Progress

SOURCE = "aws_public_price_file"
_BYTES_PER_MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A price file that can be read now, and where its rows come from."""

    file: PriceFile
    provenance: Provenance


OpenOffer = Callable[[str, str], AbstractContextManager[Opened]]
"""Opens the file of an offer (`AmazonEC2`, `AWSComputeSavingsPlan`) in a region, empty for the whole world."""


class _Version(msgspec.Struct):
    url: str = msgspec.field(name="currentVersionUrl")


class _Regions(msgspec.Struct):
    regions: dict[str, _Version]


class _PlanVersion(msgspec.Struct):
    region_id: str = msgspec.field(name="regionCode")
    url: str = msgspec.field(name="versionUrl")


class _PlanRegions(msgspec.Struct):
    regions: list[_PlanVersion]


def downloads(host: PublicHost, *, today: date, progress: Progress) -> OpenOffer:
    """Return what downloads a file when it is opened, in its newest version, and deletes it when it is closed."""

    @contextmanager
    def open_offer(offer: str, region_id: str) -> Iterator[Opened]:
        with tempfile.TemporaryDirectory(prefix="costcheck-") as folder:
            target = Path(folder) / "file"
            path = _newest(host, offer, region_id, target)
            url = host.url(path)
            host.save(
                path, target, lambda done, total: progress(offer, done // _BYTES_PER_MB, total // _BYTES_PER_MB)
            )
            file = open_price_file(target, url)
            if file.offer_code != _offer_in_file(offer) or not {file.version, "current"} & set(path.split("/")):
                seen = f"{url} holds version {file.version} of {file.offer_code}"
                raise SourcePayloadError(seen, expected="what its URL says", action="check any proxy in between")
            yield Opened(
                file=file, provenance=_provenance(file, url.replace("/current/", f"/{file.version}/"), today)
            )

    return open_offer


def files_in(folder: Path) -> OpenOffer:
    """Return what opens files that somebody has downloaded, whatever they are called.

    They count as seen on the day of their publication: nobody can tell how long a copy has lain there.

    Raises:
        InputFileError: The folder holds no price file, or two of one offer.
    """
    found: dict[str, PriceFile] = {}
    for path in sorted(folder.glob("*.csv")):
        file = open_price_file(path, str(path))
        if other := found.get(file.offer_code):
            seen = f"{other.path} and {path} both hold the prices of {file.offer_code}"
            raise InputFileError(seen, expected="one file of each offer", action="keep the newer one of your region")
        found[file.offer_code] = file

    @contextmanager
    def open_offer(offer: str, region_id: str) -> Iterator[Opened]:
        file = found.get(_offer_in_file(offer))
        if file is None:
            seen = f"{folder} holds no price file of {offer}"
            url = f"{AWS_HOST}{_current(offer, region_id)}"
            every = ", ".join(sorted({OFFER, *(meter.service_code for meter in METERS)}))
            action = f"download it into {folder}; one file is needed of each of {every}"
            raise InputFileError(seen, expected=f"the file {url}", action=action)
        url = f"{AWS_HOST}{_current(offer, region_id)}".replace("/current/", f"/{file.version}/")
        entered = _provenance(file, url, file.published_on, origin=Origin.ENTERED)
        yield Opened(file=file, provenance=entered)

    return open_offer


def _newest(host: PublicHost, offer: str, region_id: str, scratch: Path) -> str:
    """Return the path of the newest version of a file: with its version in it, the URL keeps its content.

    Raises:
        UsageError: The offer has no such region; the nearest is named.
    """
    if not region_id:
        return _current(offer, region_id)
    index = _current(offer, "").replace("index.csv", "region_index.json")
    if offer == OFFER:
        known = {row.region_id: row.url for row in host.read(index, scratch, _PlanRegions).regions}
    else:
        known = {name: row.url for name, row in host.read(index, scratch, _Regions).regions.items()}
    if not known:
        seen = f"{host.url(index)} lists no region"
        raise SourcePayloadError(seen, expected="at least one", action="check any proxy in between")
    require_region(region_id, known)
    path = known[region_id]
    if not (path.startswith("/") and path.endswith(f"/{region_id}/index.json")):
        seen = f"{host.url(index)} says that the prices of {region_id} lie in {path[:80]!r}"
        raise SourcePayloadError(seen, expected="a path to index.json", action="check any proxy in between")
    return path.removesuffix("json") + "csv"


def _current(offer: str, region_id: str) -> str:
    root = "savingsPlan" if offer == OFFER else "offers"
    where = f"{region_id}/" if region_id else ""
    return f"/{root}/v1.0/aws/{offer}/current/{where}index.csv"


def _offer_in_file(offer: str) -> str:
    return OFFER_IN_FILE if offer == OFFER else offer


def _provenance(file: PriceFile, url: str, retrieved_on: date, *, origin: Origin = Origin.LIVE) -> Provenance:
    return Provenance(
        source=f"{SOURCE}, published {file.published_on}", source_url=url, retrieved_on=retrieved_on, origin=origin
    )
