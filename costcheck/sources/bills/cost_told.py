"""What of a bill's usage counts no tokens, by the name of what is sold: it may be right, or a column is missing."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from costcheck.rules import read_ledger_rules

NAMES_SHOWN = 3


@dataclass(slots=True)
class Told:
    """Lines of usage with a cost, with tokens and without."""

    _rows: int = 0
    _cost: Decimal = Decimal(0)
    _untold_rows: int = 0
    _untold: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, name: str, cost: Decimal, rows: int, *, has_tokens: bool) -> None:
        """Add lines of one meter."""
        self._rows += rows
        self._cost += cost
        if not has_tokens:
            self._untold_rows += rows
            self._untold[name] += cost

    def notes(self) -> Iterator[str]:
        """Yield a sentence if lines without tokens cost enough to be told."""
        cost = sum(self._untold.values(), Decimal(0))
        if cost < self._cost * read_ledger_rules().worth_telling_share.value or not cost:
            return
        named = sorted(self._untold.items(), key=lambda item: (-item[1], item[0]))
        shown = ", ".join(f"{name} ({amount:,.2f})" for name, amount in named[:NAMES_SHOWN])
        more = f" and {len(named) - NAMES_SHOWN} more" if len(named) > NAMES_SHOWN else ""
        yield (
            f"{self._untold_rows} of {self._rows} lines of usage count no tokens, {cost:,.2f} of {self._cost:,.2f} "
            f"USD: {shown}{more}; right for capacity, images and tools, but if these are tokens, a column of the "
            "export is missing or has another name"
        )
