"""The bills, in one DuckDB file: replaced bucket by bucket, never patched row by row."""

from costcheck.ledger.overlaps import Overlap
from costcheck.ledger.read import MonthCoverage
from costcheck.ledger.store import Ledger, open_ledger, rewrite

__all__ = ["Ledger", "MonthCoverage", "Overlap", "open_ledger", "rewrite"]
