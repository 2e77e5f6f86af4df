"""The bills, in one DuckDB file: replaced bucket by bucket, never patched row by row."""

from costcheck.ledger.read import HourlyUsage, MonthCoverage, MonthlyCharge, Overlap
from costcheck.ledger.store import Ledger, open_ledger

__all__ = ["HourlyUsage", "Ledger", "MonthCoverage", "MonthlyCharge", "Overlap", "open_ledger"]
