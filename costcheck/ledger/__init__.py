"""The bills, in one DuckDB file: replaced bucket by bucket, never patched row by row."""

from costcheck.ledger.read import MonthCoverage, Overlap
from costcheck.ledger.store import Ledger, open_ledger, rewrite

__all__ = ["Ledger", "MonthCoverage", "Overlap", "open_ledger", "rewrite"]
