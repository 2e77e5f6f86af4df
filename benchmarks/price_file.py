"""Read an EC2 price file of one region, and let DuckDB scan the same file; print seconds and peak memory of each.

Run it with `python benchmarks/price_file.py [MiB]`; 300 is about what AWS's file of us-east-1 weighs. The file is
constructed: AWS's columns of 2025-09, the shape of its rows (up to fourteen rates a product, most of them reserved),
and prices that mean nothing. The floor is a `count(*)` of the on-demand rows, its columns found by DuckDB. Our read
finds every bundled instance type and every meter of EC2 in it, each exactly once. Each run is a process of its own.

Measured on 2026-11-26 (2 cores, shared with other work; 300 MiB, 399,000 rows): DuckDB 1.30 s (1.01 to 1.40) and 264
MiB, costcheck 1.37 s (1.31 to 1.93) and 221 MiB: a ratio of 1.05. Again under a load of 10: 3.47 s and 3.98 s, 1.15.
"""

import csv
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count, product
from pathlib import Path

import duckdb

from costcheck.meters import METERS, on_demand_meter
from costcheck.records import Origin, Provenance
from costcheck.sources.prices.aws_price_list import select_prices
from costcheck.sources.prices.public_csv import open_price_file, read_items
from costcheck.sources.prices.pull import default_instance_types
from costcheck.sources.snapshot import read_price_book

MIB = 1 << 20
SIZE_MIB = 300
RUNS = 5
LIMIT = 1.5
REGION = "us-east-1"
FLOOR = """
SELECT count(*) FROM read_csv(?, skip = 5, header = true, all_varchar = true) WHERE TermType = 'OnDemand'
"""
SAMPLE = Path(__file__).parents[1] / "tests/data/aws_price_files/ec2_2025-09-12.csv"
SYSTEMS = (
    ("Linux", "NA", "RunInstances"),
    ("Linux", "SQL Std", "RunInstances:0004"),
    ("Windows", "NA", "RunInstances:0002"),
    ("Windows", "SQL Ent", "RunInstances:0102"),
    ("RHEL", "NA", "RunInstances:0010"),
    ("SUSE", "NA", "RunInstances:000g"),
)
PLACES = (
    ("Shared", "Used", "BoxUsage"),
    ("Shared", "UnusedCapacityReservation", "UnusedBox"),
    ("Shared", "AllocatedCapacityReservation", "Reservation"),
    ("Dedicated", "Used", "DedicatedUsage"),
)
RESERVED_RATES = 13


def main(size_mib: int) -> None:
    """Construct the file, then run both, turn about, and print what each took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.csv"
        rows = construct(path, size_mib * MIB)
        print(f"{path.stat().st_size / MIB:,.0f} MiB, {rows:,} rows; {RUNS} runs of each, the first not counted")
        runs = [(run("floor", path), run("read", path)) for _ in range(RUNS + 1)][1:]
    medians = []
    for name, side in (("DuckDB count(*) with filter", 0), ("costcheck, every price of EC2", 1)):
        seconds = [pair[side][0] for pair in runs]
        peak = max(pair[side][1] for pair in runs)
        medians.append(statistics.median(seconds))
        print(
            f"{name:32} min {min(seconds):.2f} s, median {medians[-1]:.2f} s, max {max(seconds):.2f} s; "
            f"peak memory {peak:,.0f} MiB"
        )
    print(f"ratio of the medians {medians[1] / medians[0]:.2f}, limit {LIMIT}")


def run(what: str, path: Path) -> tuple[float, float]:
    """Return the seconds and the peak memory, in MiB, of one run in a process of its own."""
    done = subprocess.run([sys.executable, __file__, what, str(path)], check=True, capture_output=True, text=True)
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def measure(work: Callable[[Path], None], path: Path) -> None:
    """Do it once and print the seconds and the peak memory of this process, in MiB."""
    begun = time.perf_counter()
    work(path)
    seconds = time.perf_counter() - begun
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def scan(path: Path) -> None:
    """Count the on-demand rows, as anyone would."""
    with duckdb.connect() as connection:
        connection.execute(FLOOR, [str(path)]).fetchall()


def read(path: Path) -> None:
    """Read every price of EC2 that a snapshot holds."""
    meters = [on_demand_meter(name) for name in default_instance_types(read_price_book())]
    meters += [meter for meter in METERS if meter.service_code == "AmazonEC2"]
    file = open_price_file(path, path.name)
    provenance = Provenance(
        source="benchmark", source_url=path.name, retrieved_on=file.published_on, origin=Origin.CONSTRUCTED
    )
    items = read_items(file, meters, REGION)
    for meter in meters:
        select_prices(items, REGION, meter, provenance)


def construct(path: Path, size: int) -> int:
    """Write the file and return its number of rows."""
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    columns = next(csv.reader([lines[5]]))
    template = dict(zip(columns, next(csv.reader([lines[8]])), strict=True))
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines[:6])
        written = 0
        for values in constructed_rows():
            row = template | values
            file.write(",".join(f'"{row[name]}"' if row[name] else "" for name in columns) + "\n")
            written += 1
            if written % 1000 == 0 and file.tell() > size:
                return written
    return written


def constructed_rows() -> Iterator[dict[str, str]]:
    """Yield the columns of each row that differ from the sample's, without end."""
    for number, meter in enumerate(one for one in METERS if one.service_code == "AmazonEC2"):
        yield {
            "SKU": f"METER{number}",
            "RateCode": f"METER{number}.JRTCKXETXF.6YS6EN2CT7",
            "Product Family": dict(meter.fields)["productFamily"],
            "Unit": meter.divisors[0][0],
            "usageType": meter.sku_meter,
            "Region Code": REGION,
        }
    known = default_instance_types(read_price_book())
    names = (known[number] if number < len(known) else f"x{number}.large" for number in count())
    for name, (system, software, operation), (tenancy, status, usage) in (
        (name, *pair) for name in names for pair in product(SYSTEMS, PLACES)
    ):
        sku = f"{name}.{operation}.{usage}"
        same = {
            "SKU": sku,
            "Instance Type": name,
            "Operating System": system,
            "Pre Installed S/W": software,
            "operation": operation,
            "Tenancy": tenancy,
            "CapacityStatus": status,
            "usageType": f"{usage}:{name}",
            "Region Code": REGION,
            "Location": "US East (N. Virginia)",
            "PriceDescription": f"$0.2773 per {tenancy} {system} with {software} {name} Instance Hour",
        }
        yield same | {"RateCode": f"{sku}.JRTCKXETXF.6YS6EN2CT7"}
        for number in range(RESERVED_RATES if status == "Used" else 0):
            yield same | {
                "TermType": "Reserved",
                "OfferTermCode": f"TERM{number}",
                "RateCode": f"{sku}.TERM{number}.6YS6EN2CT7",
                "LeaseContractLength": "1yr",
                "PurchaseOption": "No Upfront",
                "OfferingClass": "standard",
            }


if __name__ == "__main__":
    if sys.argv[1:2] in (["floor"], ["read"]):
        measure(scan if sys.argv[1] == "floor" else read, Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else SIZE_MIB)
