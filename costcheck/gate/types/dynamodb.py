"""DynamoDB tables: bought by capacity, up to what autoscaling may lift it to, or paid by request."""

from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.types.application_scaling import lifted
from costcheck.gate.types.lines import all_month, by_use, listed
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter

PREFIXES = {"STANDARD": "", "STANDARD_INFREQUENT_ACCESS": "IA-"}
"""What a table class puts before its usage types."""
ON_DEMAND = "Amazon DynamoDB PayPerRequest Throughput"


def table(view: View) -> Estimate:
    """Return a table and its indexes."""
    if view.has("replicas") or view.has("globalTableWitness"):
        message = "copies in other regions are charged at the prices of those regions"
        raise UnpriceableError(message)
    prefix = _prefix(view)
    storage = _meter(f"{prefix}TimedStorage-ByteHrs", "GB-Months", "Database Storage")
    backup = _meter("TimedPITRStorage-ByteHrs", "GB-Months", "Database Storage")
    return Estimate(
        components=(
            *_throughput(view, prefix),
            by_use("stored data", storage),
            *((by_use("continuous backups", backup),) if view.has("pointInTimeRecovery") else ()),
        )
    )


def _prefix(view: View) -> str:
    table_class = view.text("tableClass", default="STANDARD")
    if table_class not in PREFIXES:
        message = f"tableClass is {table_class[:60]!r}, which is none of {', '.join(PREFIXES)}"
        raise UnpriceableError(message)
    return PREFIXES[table_class]


def _throughput(view: View, prefix: str) -> tuple[Component, ...]:
    mode = view.text("billingMode", default="PROVISIONED")
    if mode == "PROVISIONED":
        return tuple(_capacity(view, prefix, kind) for kind in ("Read", "Write"))
    if mode == "PAY_PER_REQUEST":
        return tuple(
            by_use(
                f"{kind.lower()} requests", _meter(f"{prefix}{kind}RequestUnits", f"{kind}RequestUnits", ON_DEMAND)
            )
            for kind in ("Read", "Write")
        )
    message = f"billingMode is {mode[:60]!r}, which is neither PROVISIONED nor PAY_PER_REQUEST"
    raise UnpriceableError(message)


def _capacity(view: View, prefix: str, kind: str) -> Component:
    """Return the units of the table and of all its indexes; which index a target lifts is not asked."""
    own, name = f"{kind.lower()}Capacity", f"{kind}CapacityUnits"
    of_table = view.number(own)
    of_indexes = sum(
        (view.number("globalSecondaryIndexes", index, own) for index in range(view.items("globalSecondaryIndexes"))),
        Decimal(0),
    )
    most_of_table = max(of_table, *lifted(view, f"dynamodb:table:{name}"), Decimal(0))
    most_of_indexes = of_indexes + sum(lifted(view, f"dynamodb:index:{name}"), Decimal(0))
    meter = _meter(f"{prefix}{kind}CapacityUnit-Hrs", f"{kind}CapacityUnit-Hrs", "Provisioned IOPS")
    return all_month(f"{kind.lower()} capacity units", meter, of_table + of_indexes, most_of_table + most_of_indexes)


def _meter(usage: str, unit: str, family: str) -> Meter:
    return listed("AmazonDynamoDB", usage, unit, productFamily=family)


PRICED = {"aws:dynamodb/table:Table": table}
