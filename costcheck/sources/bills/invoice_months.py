"""What a line says that the other lines of its month in the file speak against."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from costcheck.records import ChargeCategory
from costcheck.rules import read_ledger_rules
from costcheck.sources.bills.invoice_faults import Fault, quoted
from costcheck.sources.bills.invoice_lines import NOT_USED, Invoice
from costcheck.sources.bills.invoice_table import Line
from costcheck.sources.bills.invoice_words import corrects, says_invoice_sum, wants_minus

TOO_MUCH_FOR_A_TAX = (
    "which is a tax by its words, and more than a tax is on what its month charges in this file: write tax "
    "into the column category if it is one, else say what it is for"
)
TAKES_TOO_MUCH = (
    "which takes back more than its provider charges in that month in this file: give it the month of the invoice "
    "that it takes back, and put both into one file, or leave it out"
)
MAY_BE_THEIR_SUM = (
    "as if it summed up the other lines of its provider: delete it if it does, else say what it is for, without "
    "the word of a sum"
)
AS_MUCH_AS_ANOTHER = (
    "as much as line {} and without a minus, and its words take an invoice back: write a minus before it if it does, "
    "else say what it is for"
)
BESIDE_WHAT_IT_CORRECTS = (
    "which corrects an invoice, and none of its provider is taken back in that month in this file: delete the line "
    "that it replaces, or give that one's storno a line with a minus; if that line is gone, or both are due, write "
    "usage into the column category"
)
TOKENS_STAY = "which takes back line {}, whose tokens would still count: delete both lines"


@dataclass(frozen=True, slots=True)
class Charged:
    """One line that can be read by itself."""

    line: Line
    invoice: Invoice

    @property
    def month(self) -> date:
        """Return the first day of its month."""
        return self.invoice.start.replace(day=1)

    @property
    def of(self) -> tuple[date, str]:
        """Return its month and its provider."""
        return self.month, self.invoice.provider

    @property
    def is_usage(self) -> bool:
        """Return whether it is of what was used, or takes it back."""
        return self.invoice.category is ChargeCategory.USAGE

    @property
    def is_called_sum(self) -> bool:
        """Return whether its words say what its provider or an invoice comes to, and no more."""
        return says_invoice_sum(self.invoice.description, self.line.row.get("provider", ""))

    @property
    def is_told(self) -> bool:
        """Return whether it says its category itself."""
        return bool(self.line.row.get("category"))

    @property
    def is_tax_by_words(self) -> bool:
        """Return whether only its words say that it is a tax."""
        return self.invoice.category is ChargeCategory.TAX and not self.is_told


def odd_in_month(lines: Sequence[Charged]) -> dict[int, Fault]:
    """Return the faults that only the whole file shows, by number of the line."""
    odd = {line.line.number: Fault("amount is", _written(line), rest) for line, rest in _odd(lines)}
    odd |= {
        line.line.number: Fault("description is", quoted(line.invoice.description), BESIDE_WHAT_IT_CORRECTS)
        for line in _beside_what_they_correct(lines)
    }
    return odd | {
        line.line.number: Fault("description is", quoted(line.invoice.description), MAY_BE_THEIR_SUM)
        for line in _their_sums(lines)
    }


def _their_sums(lines: Sequence[Charged]) -> Iterator[Charged]:
    """Yield what is called the sum of other lines of its provider and month, or comes to what all its months do.

    One line an invoice is no sum; a line that tells its category is one only if it comes to the others.
    """
    used: defaultdict[tuple[date, str] | str, Decimal] = defaultdict(Decimal)
    with_taxes: defaultdict[tuple[date, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        if not line.is_called_sum:
            with_taxes[line.of] += line.invoice.amount
        if not line.is_called_sum and line.invoice.category not in NOT_USED:
            used[line.of] += line.invoice.amount
            used[line.invoice.provider] += line.invoice.amount
    for line in lines:
        sums = (used.get(line.of), used.get(line.invoice.provider), with_taxes.get(line.of))
        is_sum = line.invoice.amount in sums or (line.of in used and not line.is_told)
        if is_sum and line.is_called_sum and line.invoice.category not in NOT_USED:
            yield line


def _beside_what_they_correct(lines: Sequence[Charged]) -> Iterator[Charged]:
    """Yield what corrects an invoice by its words alone, beside others of its provider and month, none taken back."""
    used = [line for line in lines if line.is_usage and line.invoice.amount]
    charged = Counter(line.of for line in used)
    taken_back = {line.of for line in used if line.invoice.amount < 0}
    corrected = (line for line in used if not line.is_told and corrects(line.invoice.description))
    return (line for line in corrected if charged[line.of] > 1 and line.of not in taken_back)


def _odd(lines: Sequence[Charged]) -> Iterator[tuple[Charged, str]]:
    used: defaultdict[tuple[date, str], Decimal] = defaultdict(Decimal)
    months: defaultdict[date, Decimal] = defaultdict(Decimal)
    taxes: defaultdict[date, Decimal] = defaultdict(Decimal)
    with_tokens = {(line.of, line.invoice.amount): line for line in lines if line.invoice.input_tokens}
    for line in lines:
        if line.is_usage:
            used[line.of] += line.invoice.amount
            months[line.month] += line.invoice.amount
        elif line.is_tax_by_words:
            taxes[line.month] += line.invoice.amount
    most = read_ledger_rules().max_tax_share.value
    charged = {(line.of, line.invoice.amount): line for line in lines if not wants_minus(line.invoice.description)}
    for line in lines:
        twin = charged.get((line.of, line.invoice.amount))
        if line.is_usage and line.invoice.amount > 0 and twin and wants_minus(line.invoice.description):
            yield line, AS_MUCH_AS_ANOTHER.format(twin.line.number)
        elif line.is_tax_by_words and taxes[line.month] > most * months[line.month]:
            yield line, TOO_MUCH_FOR_A_TAX
        elif line.is_usage and line.invoice.amount < 0:
            undone = with_tokens.get((line.of, -line.invoice.amount))
            if undone:
                yield line, TOKENS_STAY.format(undone.line.number)
            elif used[line.of] < 0:
                yield line, TAKES_TOO_MUCH


def _written(line: Charged) -> str:
    return quoted(line.line.row.get("amount", ""))
