"""The sums in every engine's SQL; `python -m tests.costcheck.sources.exports.compiled` writes the goldens."""

from __future__ import annotations

from pathlib import Path

import sqlglot

from costcheck.sources.bills.focus_columns import FOCUS
from costcheck.sources.exports import cost_lines, spend_log
from costcheck.sources.exports.columns import RawExport
from costcheck.sources.exports.dialects import DIALECTS, TableName
from costcheck.sources.exports.query import sql_of

GOLDENS = Path(__file__).parents[3] / "golden" / "exports"
SPAN = (1_793_491_200, 1_796_083_200)
"""November 2026."""
TYPES = {
    "focus": {
        "BilledCost": "double",
        "EffectiveCost": "double",
        "ListCost": "double",
        "BillingCurrency": "varchar",
        "BillingPeriodStart": "timestamp",
        "ChargeCategory": "varchar",
        "ChargePeriodStart": "timestamp",
        "ChargePeriodEnd": "varchar",
        "ConsumedQuantity": "double",
        "ConsumedUnit": "varchar",
        "ServiceProviderName": "varchar",
        "ServiceName": "varchar",
        "SkuMeter": "varchar",
    },
    "spend": {
        "request_id": "varchar",
        "startTime": "timestamp",
        "model": "varchar",
        "spend": "double",
        "prompt_tokens": "bigint",
        "completion_tokens": "bigint",
        "metadata": "varchar",
        "request_tags": "varchar",
    },
}


def queries(name: str) -> str:
    """Return the sums in one engine's SQL, as one text."""
    dialect = DIALECTS[name]
    spend = RawExport(TableName(name="spend_logs", database="bills"), TYPES["spend"], dialect)
    requests = spend_log.typed(spend, span=SPAN)
    focus = RawExport(TableName(name="focus", database="bills"), TYPES["focus"], dialect)
    lines = cost_lines.typed(focus, FOCUS, span=SPAN)
    found = {
        "spend log: usage and spend by the hour, with the busiest minute": spend_log.by_hour(
            spend_log.classified(requests)
        ),
        "bill: lines by service": cost_lines.by_service(lines),
        "bill: sums by period": cost_lines.summed(cost_lines.of_services(lines, ["OpenAI API"]), FOCUS),
    }
    grammar = {"pyspark": "spark"}.get(name, name)
    parts = []
    for title, expression in found.items():
        (pretty,) = sqlglot.transpile(sql_of(expression, dialect), read=grammar, write=grammar, pretty=True)
        parts.append(f"-- {title}\n{pretty};\n")
    return "\n".join(parts)


if __name__ == "__main__":
    GOLDENS.mkdir(parents=True, exist_ok=True)
    for known in DIALECTS:
        (GOLDENS / f"{known}.sql").write_text(queries(known), encoding="utf-8")
