"""The choices in what a pull asks beside list prices: `costcheck/data/market_questions.toml`."""

from datetime import date

from costcheck.facts import Fact, Typed, read_data_toml


class Families(Typed, frozen=True, kw_only=True):
    """Letters before the generation of an instance type (`p` of `p5.48xlarge`)."""

    names: frozenset[str]
    source_url: str
    checked: date
    note: str


class Gateway(Typed, frozen=True, kw_only=True):
    """Sizes of the gateway's managed database and cache."""

    database_class: str
    cache_node: str
    source_url: str
    checked: date
    note: str


class MarketQuestions(Typed, frozen=True, kw_only=True):
    """Everything in the file."""

    capacity_block_duration: Fact
    capacity_block_instances: Fact
    capacity_block_lead: Fact
    capacity_block_families: Families
    placement_target: Fact
    placement_types: Fact
    gateway: Gateway


def read_market_questions() -> MarketQuestions:
    """Return the file, typed."""
    return read_data_toml("market_questions.toml", MarketQuestions)
