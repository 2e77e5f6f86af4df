"""Months that a provider's bills leave out: a file that was forgotten, or a month without use; nobody told which."""

from dataclasses import dataclass
from datetime import date

import duckdb

from costcheck.ledger.read import PULLED

# What stands between a provider's first and last month of use, from one source; of invoices up to the newest month
# of any of them, for one that was forgotten leaves nothing behind. A month that was pulled as a whole and had nothing
# was quiet; a charge of any amount shows that the bill of its month is there. But an invoice of prepaid credits tells
# no use; another source may.
GAPS = f"""
WITH {PULLED}, periods AS (
    SELECT DISTINCT x_source, service_provider_name AS provider, true AS is_use, false AS is_bought_ahead,
        date_trunc('month', charge_period_start)::DATE AS first,
        date_trunc('month', charge_period_end - INTERVAL 1 MICROSECOND)::DATE AS final FROM usage
    UNION
    SELECT DISTINCT x_source, service_provider_name, charge_category = 'Usage',
        x_source = 'invoice' AND charge_category = 'Purchase',
        date_trunc('month', charge_period_start)::DATE,
        date_trunc('month', charge_period_end - INTERVAL 1 MICROSECOND)::DATE FROM charges
), present AS (
    SELECT DISTINCT x_source, provider, unnest(generate_series(first, final, INTERVAL 1 MONTH))::DATE AS month
    FROM periods WHERE NOT is_bought_ahead OR EXISTS (
        FROM periods AS told WHERE told.is_use AND told.x_source != periods.x_source
            AND told.provider = periods.provider AND told.first <= periods.final AND told.final >= periods.first
    )
), newest AS (
    SELECT x_source, max(final) AS newest FROM periods WHERE is_use GROUP BY x_source
), spans AS (
    SELECT x_source, provider, unnest(generate_series(min(first),
        CASE WHEN x_source = 'invoice' THEN any_value(newest) ELSE max(final) END, INTERVAL 1 MONTH))::DATE AS month
    FROM periods JOIN newest USING (x_source) WHERE is_use GROUP BY x_source, provider
)
SELECT x_source, provider, list(month ORDER BY month)
FROM spans ANTI JOIN present USING (x_source, provider, month)
    LEFT JOIN pulled USING (x_source, month)
WHERE NOT coalesce(was_over, false)
GROUP BY x_source, provider ORDER BY ALL
"""  # noqa: S608 - our own expressions


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Months from the first of a provider on, of which a source has nothing."""

    x_source: str
    service_provider_name: str
    months: tuple[date, ...]

    @property
    def months_text(self) -> str:
        """Return the months as a person reads them."""
        return ", ".join(f"{month:%Y-%m}" for month in self.months)


def gaps(connection: duckdb.DuckDBPyConnection) -> tuple[Gap, ...]:
    """Return the months that each provider's bills leave out."""
    return tuple(
        Gap(x_source=source, service_provider_name=provider, months=tuple(months))
        for source, provider, months in connection.execute(GAPS).fetchall()
    )
