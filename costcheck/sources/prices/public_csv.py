"""AWS's public price files, read where they lie: five lines about the file, the names of the columns, the rows.

`"FormatVersion","v1.0"`, then disclaimer, publication date, version and offer code, then the header: so AWS says
(https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html), and
so begin AWS's files of 2025-09 in https://github.com/jtdelia/ec2-priceit (`examples/`, commit ae128cc, looked up
2026-11-26). A row is one rate of one SKU: the product's attributes stand in each. DuckDB scans the file without
loading it, keeps the few rows that some meter means, and refuses a row that is cut or has another number of columns.
"""

import csv
import re
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from costcheck.errors import AmbiguousPriceError, InputFileError, SourcePayloadError
from costcheck.meters import Meter
from costcheck.sources.exports.duckdb_files import as_it_stands
from costcheck.sources.prices.aws_price_list import PriceListItem

Row = tuple[str | None, ...]

ABOUT = ("FormatVersion", "Disclaimer", "Publication Date", "Version", "OfferCode")
FORMAT = "v1.0"
LONGEST_HEADER_BYTES = 1 << 16
MEMORY_LIMIT = "512MB"
ON_DEMAND = "OnDemand"
RATE_COLUMNS = (
    "SKU",
    "OfferTermCode",
    "RateCode",
    "EffectiveDate",
    "StartingRange",
    "Unit",
    "PricePerUnit",
    "Currency",
)
RATE_CODE = RATE_COLUMNS.index("RateCode")
AGAIN = "run it again; if it repeats, delete the file and download it anew"
CHANGED = "report it: AWS has changed the file; with AWS credentials, pull without --public meanwhile"
_VERSION = re.compile(r"\d{14}")
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFile:
    """What a price file says of itself.

    Attributes:
        path: Where it lies.
        offer_code: `AmazonEC2`, ...; the code of a Savings Plan's file is not the one in its URL.
        version: Fourteen digits, the moment of publication; with them the URL never changes its content.
        published_on: UTC day.
        columns: Names as in the header.
    """

    path: Path
    offer_code: str
    version: str
    published_on: date
    columns: tuple[str, ...]

    def __str__(self) -> str:
        return f"the price file of {self.offer_code}, version {self.version},"

    def column(self, name: str) -> str:
        """Return the SQL name of a column, which the file may call `Pre Installed S/W` and the API `preInstalledSw`.

        Raises:
            SourcePayloadError: No column, or more than one, has that name.
        """
        places = [place for place, column in enumerate(self.columns) if _bare(column) == _bare(name)]
        if len(places) == 1:
            return f"c{places[0]}"
        message = f"{self} has {len(places)} columns {name!r}"
        raise SourcePayloadError(message, expected="exactly one", action=CHANGED)


def open_price_file(path: Path, name: str) -> PriceFile:
    """Return what stands above the rows of a file.

    Args:
        path: Where it lies.
        name: Its URL or file name, for messages.

    Raises:
        SourcePayloadError: It is no price file: HTML, another encoding, empty, or of another format.
    """
    lines = _first_lines(path, name)
    about = dict(line for line in lines[: len(ABOUT)] if len(line) == 2)  # noqa: PLR2004 - a name and its value
    if tuple(about) != ABOUT or about["FormatVersion"] != FORMAT:
        first = ",".join(lines[0]) if lines else ""
        raise _no_price_file(name, f"begins {first[:80]!r}")
    if not _VERSION.fullmatch(about["Version"]) or len(lines) <= len(ABOUT):
        raise _no_price_file(name, f"has the version {about['Version']!r} and {len(lines)} lines above the rows")
    return PriceFile(
        path=path,
        offer_code=about["OfferCode"],
        version=about["Version"],
        published_on=_published_on(about["Publication Date"], name),
        columns=tuple(lines[len(ABOUT)]),
    )


def read_items(file: PriceFile, meters: Sequence[Meter], region_id: str) -> list[PriceListItem]:
    """Return every on-demand product of the file that may be one of the meters, as the price list API gives it.

    Raises:
        SourcePayloadError: A row is cut, or a column is missing.
        AmbiguousPriceError: One rate stands there twice, with different prices.
    """
    fields = sorted(
        {field for meter in meters for field in meter.required(region_id)} | {"usagetype", "productFamily"}
    )
    condition, values = _any_of(file, meters, region_id)
    condition = f"{file.column('TermType')} = ? AND ({condition})"
    products: dict[tuple[str | None, ...], dict[str, Row]] = defaultdict(dict)
    for row in select_rows(file, (*RATE_COLUMNS, *fields), condition, (ON_DEMAND, *values)):
        rates = products[row[0], *row[len(RATE_COLUMNS) :]]
        if rates.setdefault(str(row[RATE_CODE]), row) is not row:
            raise _twice(file, row)
    return [
        _item(dict(zip(fields, attributes, strict=True)), rates, file) for (_, *attributes), rates in products.items()
    ]


def select_rows(file: PriceFile, names: Sequence[str], condition: str, values: Sequence[str]) -> list[Row]:
    """Return the distinct rows of a file that a condition lets through, an empty value as None.

    Args:
        file: Opened before.
        names: Columns to return.
        condition: SQL over `PriceFile.column`, with a question mark for each value.
        values: For the question marks.

    Raises:
        SourcePayloadError: The file is cut, a row is broken, or one of these columns is not in UTF-8.
    """
    wanted = ", ".join(file.column(name) for name in names)
    shape = {f"c{place}": "VARCHAR" for place in range(len(file.columns))}
    query = f"""
        SELECT DISTINCT {wanted} FROM read_csv(?, columns = {shape}, auto_detect = false, header = false,
            skip = {len(ABOUT) + 1}, delim = ',', quote = '"', escape = '"', strict_mode = true, null_padding = false,
            compression = 'none')
        WHERE {condition} ORDER BY ALL"""  # noqa: S608 - places of columns, and conditions of our own
    with tempfile.TemporaryDirectory() as spill:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": spill,
        }
        with duckdb.connect(config=config) as connection:
            try:
                return connection.execute(query, [as_it_stands(file.path), *values]).fetchall()
            except duckdb.Error as exc:
                seen = f"{file} is broken: {str(exc).splitlines()[0]}"
                raise SourcePayloadError(seen, expected="whole rows, in UTF-8", action=AGAIN) from exc


def _any_of(file: PriceFile, meters: Sequence[Meter], region_id: str) -> tuple[str, list[str]]:
    """Return a condition that every row of the meters meets, and few others; `select_prices` decides."""
    usage = file.column("usagetype")
    named = sorted({name for meter in meters if meter.usage_type for name in (meter.usage_type, *meter.spellings)})
    # As it stands, without what ends at its first hyphen (`USE1-`), or without the region (`us-east-1-`).
    spelled = (usage, f"substr({usage}, strpos({usage}, '-') + 1)", f"substr({usage}, {len(region_id) + 2})")
    marks = ", ".join("?" * len(named))
    parts = [f"{text} IN ({marks})" for text in spelled] if named else []
    values = named * len(parts)
    for meter in meters:
        if not meter.usage_type:
            required = meter.required(region_id)
            parts.append(f"({' AND '.join(f'{file.column(field)} = ?' for field in required)})")
            values += required.values()
    return " OR ".join(parts), values


def _item(attributes: dict[str, str | None], rates: dict[str, Row], file: PriceFile) -> PriceListItem:
    """Return one product in the shape of GetProducts."""
    sku = next(iter(rates.values()))[0]
    known = {name: value for name, value in attributes.items() if value is not None}
    family = known.pop("productFamily", "")
    terms: dict[str, Any] = {}
    for code, (_, term, _, effective, start, unit, price, currency, *_) in rates.items():
        dimension = {"unit": unit, "beginRange": start, "pricePerUnit": {currency: price}}
        terms.setdefault(f"{sku}.{term}", {"effectiveDate": effective, "priceDimensions": {}})
        terms[f"{sku}.{term}"]["priceDimensions"][code] = dimension
    product = {"sku": sku, "productFamily": family, "attributes": known}
    try:
        return msgspec.convert({"product": product, "terms": {"OnDemand": terms}}, PriceListItem)
    except msgspec.ValidationError as exc:
        seen = f"{file} has a rate of SKU {sku} without a value: {exc}"
        raise SourcePayloadError(seen, expected="a value in every column of a price", action=CHANGED) from exc


def _twice(file: PriceFile, row: Row) -> AmbiguousPriceError:
    seen = f"{file} has the rate {row[RATE_CODE]} of SKU {row[0]} twice, with different prices or dates"
    return AmbiguousPriceError(seen, expected="each rate once", action=AGAIN)


def _first_lines(path: Path, name: str) -> list[list[str]]:
    """Return the values of the first six lines, of fewer where the file ends before."""
    try:
        with path.open("rb") as opened:
            whole = opened.read(LONGEST_HEADER_BYTES).split(b"\n")[:-1]
        text = b"\n".join(whole[: len(ABOUT) + 1]).decode("utf-8-sig")
        return list(csv.reader(text.splitlines()))
    except (UnicodeDecodeError, csv.Error) as exc:
        raise _no_price_file(name, f"cannot be read: {exc}") from exc
    except OSError as exc:
        seen = f"{path}: {exc.strerror or exc}"
        raise InputFileError(seen, expected="a price file that can be read", action=AGAIN) from exc


def _published_on(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError as exc:
        raise _no_price_file(name, f"was published {text!r}") from exc


def _no_price_file(name: str, problem: str) -> SourcePayloadError:
    return SourcePayloadError(
        f"{name} {problem}",
        expected="AWS's price file in CSV, UTF-8: five lines about itself, the names of the columns, the rows",
        action="check any proxy in between, and that nobody opened and saved the file; then download it again",
    )


def _bare(name: str) -> str:
    return _NOT_IN_A_NAME.sub("", name.lower())
