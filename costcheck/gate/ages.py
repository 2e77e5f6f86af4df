"""Whether the prices behind an answer are there, and young enough for it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from costcheck.errors import PriceNotFoundError
from costcheck.gate.checks import answer, counted, held
from costcheck.gate.pricing import Lack, Priced, priced_in
from costcheck.gate.result import Check, Outcome
from costcheck.price_book import PriceBook
from costcheck.records import UnitPrice

SHOWN = 3
LOG_IN = (
    "let this run look up prices: in a pipeline by the gate role (`docs/ci/README.md` of the kit; a pull request "
    "from a fork has none, so push to a branch of the repository itself), by hand by a login to AWS"
)
NAME_REGION = "name the region in the configuration of the stack: `pulumi config set aws:region REGION`"
ASK_AWS = "AWS may not sell that there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """Whether today's prices were asked for, and what became of that.

    Attributes:
        live: They were asked for.
        trouble: Why there are none, empty where there are or nobody asked.
    """

    live: bool = False
    trouble: str = ""


NOT_ASKED = Fetched()


def check_prices(
    priced: Iterable[Priced], book: PriceBook, today: date, fetched: Fetched = NOT_ASKED
) -> Check | None:
    """Return whether every price is there and within its age on that day; None where no price is needed."""
    rows = tuple(priced)
    used = sorted(dict.fromkeys(price for row in rows for price in row.prices), key=_weight(rows))
    lacks = tuple(dict.fromkeys(row.lack for row in rows if row.lack))
    if not used and not lacks:
        return None
    names = {part.sku_meter: part.name for row in rows for part in row.components}
    old = [problem for price in used if (problem := _problem(price, names, book, today))]
    missing = [_missing(lack) for lack in lacks]
    return answer(
        "prices",
        held(not old and not missing, Outcome.CANNOT_DECIDE),
        subject="prices",
        seen=_seen(list(dict.fromkeys([*missing, *old])), fetched) or f"{counted(len(used), 'price')}, none too old",
        needed="every price known, and no older than it may be",
        to_do="; ".join(_to_do(lacks, fetched, is_old=bool(old))),
    )


def _weight(rows: Iterable[Priced]) -> Callable[[UnitPrice], Decimal]:
    """Return the order of prices: the one first that most money hangs on."""
    costs: dict[str, Decimal] = defaultdict(Decimal)
    for part in (part for row in rows for part in row.components if part.cost):
        costs[part.sku_meter] -= part.cost.maximum_usd if part.cost else 0
    return lambda price: costs[f"{price.service_code} {price.sku_meter}"]


def _seen(problems: list[str], fetched: Fetched) -> str:
    if not problems:
        return ""
    more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    live = f". There are no prices of today: {fetched.trouble}" if fetched.trouble else ""
    return f"{'; '.join(problems[:SHOWN])}{more}{live}"


def _to_do(lacks: tuple[Lack, ...], fetched: Fetched, *, is_old: bool) -> Iterable[str]:
    if any(lack.region_id is None for lack in lacks):
        yield NAME_REGION
    regions = sorted({lack.region_id for lack in lacks if lack.region_id})
    if not regions and not is_old:
        return
    if fetched.trouble:
        yield LOG_IN
    elif fetched.live:
        yield _check(lacks)
    else:
        yield f"run the gate with `--live` and a login to AWS that may read prices{_pull(lacks, regions)}"


def _check(lacks: tuple[Lack, ...]) -> str:
    """Return which prices AWS was asked for in vain."""
    meant = sorted({priced_in(lack.what, lack.region_id) for lack in lacks if lack.region_id})
    more = f" and {len(meant) - SHOWN} more" if len(meant) > SHOWN else ""
    return f"check {', '.join(meant[:SHOWN]) or 'the type and its region'}{more}: {ASK_AWS}"


def _pull(lacks: tuple[Lack, ...], regions: list[str]) -> str:
    """Return how prices can come by a file: those of one region, as far as `prices pull` knows them."""
    others = [lack.what for lack in lacks if not lack.is_pulled]
    if len(regions) > 1 or (lacks and len(others) == len(lacks)):
        return ""
    where = f" --region {regions[0]}" if regions else ""
    which = f"all but {', '.join(others[:SHOWN])}" if others else "them"
    pull = f"costcheck prices pull{where} --out prices.json"
    return f", or fetch {which} with `{pull}` (with `--public` no login is needed) and give `--prices prices.json`"


def _missing(lack: Lack) -> str:
    if lack.region_id is None:
        return "the plan does not tell in which region everything stands, and so not what it costs"
    return f"no price of {priced_in(lack.what, lack.region_id)} is known"


def _problem(price: UnitPrice, names: Mapping[str, str], book: PriceBook, today: date) -> str:
    """Return what is wrong with the age of a price, empty where nothing is."""
    meter = f"{price.service_code} {price.sku_meter}"
    what = priced_in(names.get(meter, meter), price.region_id)
    try:
        age, limit = book.age_days(price, today, live=True), book.max_ages.limit_days(price)
    except PriceNotFoundError:
        return f"the price of {what} is of the future: it was read on {price.provenance.retrieved_on}"
    return f"the price of {what} is {counted(age, 'day')} old (at most {limit})" if age > limit else ""
