"""Constructed price files in the shape of AWS's: the recorded columns, and rows from recorded or made-up products."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from costcheck.meters import METERS, auto_mode_meter, gateway_meters
from costcheck.sources.prices.public_csv import PriceFile, open_price_file
from costcheck.sources.prices.public_savings_plans import OFFER, OFFER_IN_FILE

RECORDED = Path(__file__).parents[3] / "data" / "aws_price_files"
EC2_RECORDED = RECORDED / "ec2_2025-09-12.csv"
PLAN_RECORDED = RECORDED / "savings_plan_ap-east-2_2025-09-11.csv"
COLUMNS = tuple(next(csv.reader(EC2_RECORDED.read_text().splitlines()[5:6])))
ALL_COLUMNS = (*COLUMNS, "Database Engine", "Deployment Option", "Cache Engine")
"""With those of a database and a cache; each of AWS's files has some of them."""
PLAN_COLUMNS = tuple(PLAN_RECORDED.read_text().splitlines()[5].split(","))
VERSION = "20261120120000"
PUBLISHED = "2026-11-20T12:00:00Z"

Rows = Sequence[Mapping[str, str]]


def about(offer: str, version: str = VERSION) -> str:
    """Return the five lines that stand above the header."""
    values = {"FormatVersion": "v1.0", "Disclaimer": "none", "Publication Date": PUBLISHED, "Version": version}
    return "".join(f'"{name}","{value}"\n' for name, value in (values | {"OfferCode": offer}).items())


def rows_of(price_list: Iterable[str]) -> Rows:
    """Return the rows that the products of a `PriceList` are in a price file, one for each rate."""
    names = {bare(column): column for column in COLUMNS}
    rows = []
    for product, terms in ((item["product"], item["terms"]) for item in map(json.loads, price_list)):
        known = {"productFamily": product.get("productFamily", ""), **product["attributes"]}
        attributes = {names[bare(name)]: value for name, value in known.items() if bare(name) in names}
        for term_type, term_key, term in (
            (kind, key, term) for kind, every in terms.items() for key, term in every.items()
        ):
            for code, dimension in term["priceDimensions"].items():
                ((currency, price),) = dimension["pricePerUnit"].items()
                rate = {
                    "SKU": product["sku"],
                    "OfferTermCode": term.get("offerTermCode", term_key.rpartition(".")[2]),
                    "RateCode": code,
                    "TermType": term_type,
                    "EffectiveDate": term["effectiveDate"][:10],
                    "StartingRange": dimension["beginRange"],
                    "EndingRange": dimension.get("endRange", "Inf"),
                    "Unit": dimension["unit"],
                    "PricePerUnit": price,
                    "Currency": currency,
                }
                rows.append(attributes | rate)
    return rows


def bare(name: str) -> str:
    """Return a name as the API and the file both write it once blanks, slashes and capitals are gone."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def price_csv(
    rows: Rows, *, offer: str = "AmazonEC2", columns: Sequence[str] = COLUMNS, version: str = VERSION
) -> str:
    """Return a whole price file: every value in quotes, an empty one without, as AWS writes them."""
    lines = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    text = "\n".join(",".join(f'"{value}"' if value else "" for value in line) for line in lines)
    return about(offer, version) + text + "\n"


def plan_csv(rows: Rows, *, version: str = VERSION) -> str:
    """Return a whole price file of the Compute Savings Plan: without quotes, as AWS writes them."""
    target = io.StringIO()
    writer = csv.DictWriter(target, PLAN_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return about(OFFER_IN_FILE, version).replace('"', "") + target.getvalue()


def plan_row(**other: str) -> dict[str, str]:
    """Return a constructed rate: by default g6e.xlarge for one year, nothing upfront."""
    row = {
        "SKU": "PLAN1",
        "RateCode": "PLAN1.SKU1",
        "Unit": "Hrs",
        "EffectiveDate": "2026-09-01T00:00:00Z",
        "DiscountedRate": "1.25",
        "Currency": "USD",
        "DiscountedSKU": "SKU1",
        "DiscountedServiceCode": "AmazonEC2",
        "DiscountedUsageType": "BoxUsage:g6e.xlarge",
        "DiscountedOperation": "RunInstances",
        "PurchaseOption": "No Upfront",
        "LeaseContractLength": "1",
        "LeaseContractLengthUnit": "year",
        "ServiceCode": "ComputeSavingsPlans",
        "UsageType": "ComputeSP:1yrNoUpfront",
        "Product Family": "ComputeSavingsPlans",
        "DiscountedRegionCode": "us-east-1",
        "DiscountedInstanceType": "g6e.xlarge",
    }
    return row | other


def instance_row(name: str, region_id: str = "us-east-1", **other: str) -> dict[str, str]:
    """Return the constructed on-demand row of one instance type."""
    row = {
        "SKU": f"SKU.{name}",
        "OfferTermCode": "TERM",
        "RateCode": f"SKU.{name}.TERM.RATE",
        "TermType": "OnDemand",
        "EffectiveDate": "2026-09-01",
        "StartingRange": "0",
        "Unit": "Hrs",
        "PricePerUnit": "1.8610000000",
        "Currency": "USD",
        "Product Family": "Compute Instance",
        "Instance Type": name,
        "Tenancy": "Shared",
        "Operating System": "Linux",
        "License Model": "No License required",
        "usageType": f"BoxUsage:{name}",
        "operation": "RunInstances",
        "CapacityStatus": "Used",
        "MarketOption": "OnDemand",
        "Pre Installed S/W": "NA",
        "Region Code": region_id,
    }
    return row | other


def whole_site(
    *names: str, region_id: str = "us-east-1", without: str = "", plans: Rows | None = None
) -> dict[str, str]:
    """Return every file that a snapshot of the region needs, by offer.

    Args:
        names: Instance types that it prices.
        region_id: The region.
        without: Name of a meter that no row has.
        plans: Rates of Savings Plans; one of g6e.xlarge where none are given.
    """
    rows: dict[str, list[Mapping[str, str]]] = {"AmazonEC2": [instance_row(name, region_id) for name in names]}
    columns = {bare(column): column for column in ALL_COLUMNS}
    further = (*map(auto_mode_meter, names), *gateway_meters("db.t4g.medium", "cache.t4g.medium"))
    for number, meter in enumerate((*METERS, *further)):
        fields = {columns[bare(name)]: value for name, value in meter.required(region_id).items()}
        row = instance_row("", "") | dict.fromkeys(("Instance Type", "MarketOption"), "") | fields
        own = {"SKU": f"M{number}", "RateCode": f"M{number}.TERM.RATE", "usageType": f"USE1-{meter.usage_type}"}
        kept = rows.setdefault(meter.service_code, [])
        if meter.sku_meter != without:
            kept.append(row | own | {"Unit": meter.divisors[0][0], "PricePerUnit": "0.5"})
    files = {offer: price_csv(kept, offer=offer, columns=ALL_COLUMNS) for offer, kept in rows.items()}
    default = [plan_row(DiscountedRegionCode=region_id)]
    return files | {OFFER: plan_csv(default if plans is None else plans)}


def paths_of(files: Mapping[str, str], region_id: str) -> dict[str, str]:
    """Return what AWS's host answers to each path: the files by offer, and the indexes that lead to them."""
    answers = {}
    for offer, text in files.items():
        root = f"/{'savingsPlan' if offer == OFFER else 'offers'}/v1.0/aws/{offer}"
        named = f"{root}/{VERSION}/{region_id}/index"
        newest: object = {region_id: {"regionCode": region_id, "currentVersionUrl": f"{named}.json"}}
        if offer == OFFER:
            newest = [{"regionCode": region_id, "versionUrl": f"{named}.json"}]
        answers[f"{root}/current/region_index.json"] = json.dumps({"publicationDate": PUBLISHED, "regions": newest})
        answers[f"{named}.csv"] = text
    return answers


def opened(folder: Path, text: str | bytes) -> PriceFile:
    """Return the price file of this content."""
    path = folder / "index.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_price_file(path, path.name)
