"""One line of an invoice list as what it charges, or all that is wrong with it at one go."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from costcheck.records import ChargeCategory
from costcheck.sources.bills.focus_services import known_provider
from costcheck.sources.bills.invoice_categories import read_category
from costcheck.sources.bills.invoice_columns import words
from costcheck.sources.bills.invoice_faults import Fault, not_right, quoted
from costcheck.sources.bills.invoice_numbers import read_amount, read_count
from costcheck.sources.bills.invoice_periods import crossing, read_period
from costcheck.sources.bills.invoice_table import TOO_MANY, Row
from costcheck.sources.bills.invoice_words import says_everybody, says_sum, seller_of, without_sums

V = TypeVar("V")
MAY_BE_A_SUM = "as if it summed up other lines: delete it if it does, else say what it is for"
SELLERS_MAY_TOTAL = (
    "which may be a sum of other lines or a charge: leave out a sum, and call a charge by its provider alone"
)
NO_TOKENS = "empty: what is a credit or a tax, or takes an invoice back, used no tokens"
NOT_USED = (ChargeCategory.CREDIT, ChargeCategory.TAX)
USD = frozenset({"usd", "us$", "$", "us-dollar", "us dollar"})
NOT_USD = (
    "and the kit converts nothing: write the amount in USD that the card or the bank was charged, or, of a bill in "
    "another currency, what you paid at the rate of that day, and say so beside the decision"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What a line does not say itself.

    Attributes:
        commas: Whether amounts may have decimal commas.
        german: Whether the file is in German, where a day stands before its month.
        imported_on: No charge is for later.
    """

    commas: bool
    german: bool
    imported_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What one line charges; two that are equal are the same line typed twice.

    Attributes:
        start: First day.
        end: The day after the last.
        model: Empty where none is named.
        input_tokens: Cached ones included; None where no tokens are told.
    """

    start: date
    end: date
    provider: str
    model: str
    category: ChargeCategory
    description: str
    amount: Decimal
    input_tokens: int | None
    cached_input_tokens: int
    output_tokens: int | None
    requests: int | None


def is_total(row: Row) -> bool:
    """Return whether a line sums up others, by its provider or period; by its model only if one of those is empty."""
    told = [row.get("provider", ""), row.get("month") or row.get("start_date") or row.get("end_date") or ""]
    if not all(told):
        told += [row.get("model", ""), row.get("description", "")]
    return any(says_sum(cell) for cell in told)


def read_line(row: Row, ways: Ways) -> Invoice | tuple[Fault, ...]:
    """Return what a line charges, or its faults; of a column that is not there the file's own fault tells."""
    reader = _Reader(row, ways, [])
    return reader.invoice() or tuple(reader.faults)


@dataclass(slots=True)
class _Reader:
    row: Row
    ways: Ways
    faults: list[Fault]

    def invoice(self) -> Invoice | None:
        """Return the line without a fault, else None."""
        self._cells()
        period = self._take(read_period(self.row, german=self.ways.german, imported_on=self.ways.imported_on))
        provider, amount = self._take(self._provider()), self._amount()
        self._currency()
        category = self._take(read_category(self.row, amount)) if amount is not None else None
        tokens = self._tokens()
        if (tokens[0] or tokens[2]) and (category in NOT_USED or (amount is not None and amount < 0)):
            self.faults.append(not_right("input_tokens", self.row["input_tokens"], NO_TOKENS))
        self._description()
        if period:
            self._take(crossing(self.row, period, amount, commas=self.ways.commas))
        if self.faults or period is None or provider is None or amount is None or category is None:
            return None
        return Invoice(
            start=period[0],
            end=period[1] + timedelta(days=1),
            provider=provider,
            model=self.row.get("model", ""),
            category=category,
            description=self.row.get("description", ""),
            amount=amount,
            input_tokens=tokens[0],
            cached_input_tokens=tokens[1] or 0,
            output_tokens=tokens[2],
            requests=tokens[3],
        )

    def _take(self, read: V | Fault) -> V | None:
        if isinstance(read, Fault):
            self.faults.append(read)
            return None
        return read

    def _cells(self) -> None:
        count = self.row.get(TOO_MANY)
        if count:
            self.faults.append(
                not_right("cells", count, "as many cells as the header has; quote commas and semicolons")
            )

    def _provider(self) -> str | Fault | None:
        name = self.row.get("provider")
        if name == "":
            return not_right("provider", name, "who sent the invoice, e.g. openai")
        if name is None:
            return None
        if says_everybody(name) or (without_sums(name) != words(name) and known_provider(without_sums(name))):
            return Fault("provider is", quoted(name), SELLERS_MAY_TOTAL)
        return known_provider(name) or seller_of(name) or name.lower()

    def _description(self) -> None:
        text = self.row.get("description", "")
        if says_sum(text):
            self.faults.append(Fault("description is", quoted(text), MAY_BE_A_SUM))

    def _amount(self) -> Decimal | None:
        text = self.row.get("amount")
        return None if text is None else self._take(read_amount(text, commas=self.ways.commas))

    def _currency(self) -> None:
        text = self.row.get("currency")
        if text == "":
            self.faults.append(not_right("currency", text, "USD"))
        elif text is not None and words(text) not in USD:
            self.faults.append(Fault("currency is", quoted(text), NOT_USD, stops=True))

    def _tokens(self) -> tuple[int | None, int | None, int | None, int | None]:
        tokens, written = self.row.get("input_tokens", ""), self.row.get("output_tokens", "")
        if not tokens and not written:
            return None, None, None, None
        if not self.row.get("model"):
            self.faults.append(not_right("model", "", "the model that read and wrote these tokens"))
        counts = [self._take(read_count("input_tokens", tokens)), self._optional("cached_input_tokens")]
        counts += [self._take(read_count("output_tokens", written)), self._optional("requests")]
        if counts[0] is not None and counts[1] is not None and counts[1] > counts[0]:
            self.faults.append(not_right("cached_input_tokens", str(counts[1]), f"at most input_tokens, {counts[0]}"))
        return counts[0], counts[1], counts[2], counts[3]

    def _optional(self, column: str) -> int | None:
        text = self.row.get(column, "")
        return self._take(read_count(column, text)) if text else None
