"""Build infra/data/idle_unit_prices.toml from costcheck's bundled snapshot: infra/ imports only the contract.

python scripts/build_idle_prices.py           write it
python scripts/build_idle_prices.py --check   fail unless the committed file is what comes out
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from costcheck.records import PricingCategory, UnitPrice
from costcheck.sources.snapshot import read_snapshot

TARGET = Path(__file__).parents[1] / "infra" / "data" / "idle_unit_prices.toml"
METERS = {
    "AmazonEKS-Hours:perCluster",
    "NatGateway-Hours",
    "PublicIPv4:InUseAddress",
    "EBS:VolumeUsage.gp3",
    "KMS-Keys",
}
SYSTEM_TYPE = re.compile(r"BoxUsage:[cmrt]\d[a-z]*\.(large|xlarge|2xlarge)")
"""What may carry a cluster's own pods: general families of small sizes."""

HEAD = """\
# Unit prices of what a stack costs without GPU nodes, in US dollars before tax. Made by scripts/build_idle_prices.py
# from costcheck's bundled snapshot; a region without rows has no bundled price, and none is invented for it.
"""


def main() -> int:
    """Write the file, or check the committed one; 0 when all is well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    content = build()
    if parser.parse_args().check:
        same = TARGET.read_text(encoding="utf-8") == content
        print("current" if same else f"{TARGET.name} differs: run scripts/build_idle_prices.py")
        return 0 if same else 1
    TARGET.write_text(content, encoding="utf-8")
    return 0


def build() -> str:
    """Return the content of the file."""
    return HEAD + "".join(sorted(_rows()))


def _rows() -> Iterator[str]:
    for price in read_snapshot().unit_prices:
        wanted = price.sku_meter in METERS or SYSTEM_TYPE.fullmatch(price.sku_meter)
        if wanted and price.pricing_category is PricingCategory.STANDARD and not price.tier_start:
            yield _row(price)


def _row(price: UnitPrice) -> str:
    values = {
        "sku_meter": price.sku_meter,
        "sku_id": price.sku_id or "",
        "usd": str(price.list_unit_price),
        "unit": price.pricing_unit,
        "region_id": price.region_id,
        "source_url": price.provenance.source_url,
    }
    lines = "".join(f'{name} = "{value}"\n' for name, value in values.items())
    return f"\n[[price]]\n{lines}checked = {price.provenance.retrieved_on}\n"


if __name__ == "__main__":
    sys.exit(main())
