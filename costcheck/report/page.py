"""What a report says, before anyone decides how it looks: sections of sentences and tables."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under headings.

    Attributes:
        columns: Headings.
        rows: One cell for each heading.
        figures: Positions of the columns that hold figures: aligned right and never broken over lines.
        names: Positions of the columns that hold names as a machine writes them.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: frozenset[int] = frozenset()
    names: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One heading with what stands under it.

    Attributes:
        key: Name of the section in the markers of generated blocks.
        lead: Sentences before the points.
        points: A list.
        table: Rows after them.
        notes: Sentences after the table.
    """

    key: str
    title: str
    lead: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    table: Table | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands under the heading."""
        return not (self.lead or self.points or self.notes or (self.table and self.table.rows))
