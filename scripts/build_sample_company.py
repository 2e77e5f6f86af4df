"""Build the sample company: six months of OpenAI usage and costs, with the traffic of two real traces.

`python scripts/build_sample_company.py` writes `costcheck/data/sample_company/openai_pages.jsonl.gz`;
`--check` compares what it would write with what is there. `scripts/data/traces/README.md` names the traces,
`costcheck/data/sample_company/README.md` says what is real and what is made up.
"""

import argparse
import csv
import gzip
import io
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from genai_prices import Usage, calc_price

from costcheck.demand_rules import DemandRules, read_demand_rules
from costcheck.sources.bills.windows import month_windows
from costcheck.units import HOURS_PER_MONTH

TRACES = Path(__file__).parent / "data" / "traces"
OUTPUT = Path(__file__).parent.parent / "costcheck" / "data" / "sample_company" / "openai_pages.jsonl.gz"
SEED = 20260731
FIRST_DAY, END_DAY = date(2026, 2, 1), date(2026, 8, 1)
HOURS_PER_DAY, HOURS_PER_WEEK, BUCKETS_PER_RATE_HOUR = 24, 168, 6
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEKDAYS, OFFICE_HOURS = range(5), range(7, 18)
WEEKLY_NOISE = 0.04
CACHED_PREFIX_TOKENS = 1024  # OpenAI caches prompts from 1,024 tokens on
MILLION = Decimal(1_000_000)
# The first month on the new models, which are named after their own days.
NEW_MODELS_FROM = date(2026, 4, 1)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
JsonRow = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The traffic of one project.

    Attributes:
        models: Model before and from `NEW_MODELS_FROM` on.
        shape: Column of the ServeGen trace that gives its hours.
        monthly_requests: Mean of a month of 730 hours.
        shortest_input_tokens: Only requests of the Azure trace that are at least this long.
        cache_hit_share: Of requests long enough to be cached.
        office_hours: Only on weekdays from 07:00 to 17:59 UTC.
    """

    project_id: str
    api_key_id: str
    models: tuple[str, str]
    shape: str
    monthly_requests: int
    shortest_input_tokens: int = 0
    cache_hit_share: float = 0.0
    office_hours: bool = False


STREAMS = (
    Stream(
        project_id="proj_support_chat",
        api_key_id="key_support_chat",
        models=("gpt-5.1-2025-11-13", "gpt-5.4-2026-03-05"),
        shape="rps_m-small",
        monthly_requests=1_450_000,
        cache_hit_share=0.6,
    ),
    Stream(
        project_id="proj_document_summaries",
        api_key_id="key_document_summaries",
        models=("gpt-5-mini-2025-08-07", "gpt-5.4-mini-2026-03-17"),
        shape="rps_m-mid",
        monthly_requests=900_000,
        shortest_input_tokens=2000,
    ),
    Stream(
        project_id="proj_coding_agents",
        api_key_id="key_coding_agents",
        models=("gpt-5.1-codex", "gpt-5.1-codex"),
        shape="rps_m-mid",
        monthly_requests=600_000,
        shortest_input_tokens=1024,
        cache_hit_share=0.9,
        office_hours=True,
    ),
)
EMBEDDING_MODEL, EMBEDDING_PROJECT, EMBEDDED_TOKENS_PER_REQUEST = "text-embedding-3-small", "proj_search", 400


@dataclass(frozen=True, slots=True, kw_only=True)
class HourOfUse:
    """What one stream used in one hour."""

    start: datetime
    stream: Stream
    model: str
    requests: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int


def read_lengths() -> Ints:
    """Return input and output tokens of each request of the Azure trace."""
    with gzip.open(TRACES / "AzureLLMInferenceTrace_conv.csv.gz", "rt", encoding="utf-8") as file:
        rows = [(int(row["ContextTokens"]), int(row["GeneratedTokens"])) for row in csv.DictReader(file)]
    return np.array(rows, dtype=np.int64)


def read_shapes() -> dict[str, Floats]:
    """Return the hourly rates of each service of the ServeGen trace, relative to its mean."""
    with (TRACES / "servegen_rate_10min.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    shapes = {}
    for name in (stream.shape for stream in STREAMS):
        rates = np.array([float(row[name]) for row in rows], dtype=np.float64)
        hourly = rates.reshape(-1, BUCKETS_PER_RATE_HOUR).mean(axis=1)
        shapes[name] = hourly / hourly.mean()
    return shapes


def use_hours(stream: Stream, lengths: Ints, shape: Floats, rng: np.random.Generator) -> Iterator[HourOfUse]:
    """Yield what a stream used: arrivals are Poisson around one trace's rate, lengths are drawn from the other."""
    long_enough = lengths[lengths[:, 0] >= stream.shortest_input_tokens]
    weeks = rng.normal(1.0, WEEKLY_NOISE, size=(END_DAY - FIRST_DAY).days // 7 + 1)
    for number, rate in enumerate(expected_requests(stream, shape)):
        start = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC) + number * HOUR
        requests = int(rng.poisson(rate * weeks[number // HOURS_PER_WEEK]))
        drawn = long_enough[rng.integers(len(long_enough), size=requests)]
        hits = (drawn[:, 0] >= CACHED_PREFIX_TOKENS) & (rng.random(requests) < stream.cache_hit_share)
        if requests:
            yield HourOfUse(
                start=start,
                stream=stream,
                model=stream.models[start.date() >= NEW_MODELS_FROM],
                requests=requests,
                input_tokens=int(drawn[:, 0].sum()),
                cached_tokens=int(hits.sum()) * CACHED_PREFIX_TOKENS,
                output_tokens=int(drawn[:, 1].sum()),
            )


def expected_requests(stream: Stream, shape: Floats) -> Floats:
    """Return the expected requests of each hour; the trace's 14 days are laid end to end from the first day on."""
    hours = np.arange((END_DAY - FIRST_DAY).days * HOURS_PER_DAY)
    rates: Floats = shape[hours % len(shape)]
    if stream.office_hours:
        weekday = (hours // HOURS_PER_DAY + FIRST_DAY.weekday()) % 7
        rates = rates * (np.isin(weekday, list(WEEKDAYS)) & np.isin(hours % HOURS_PER_DAY, list(OFFICE_HOURS)))
    return np.array(rates / rates.mean() * stream.monthly_requests / float(HOURS_PER_MONTH))


LINE_ITEMS = {
    "input": Usage(input_tokens=1000),
    "cached input": Usage(input_tokens=1000, cache_read_tokens=1000),
    "output": Usage(output_tokens=1000),
}
"""A thousand tokens of each class: far below the length where a long prompt costs more."""


@cache
def unit_price(model: str, day: date, line_item: str) -> Decimal:
    """Return the list price of a million tokens on a day, from genai-prices."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    price = calc_price(LINE_ITEMS[line_item], model, provider_id="openai", genai_request_timestamp=moment)
    return price.total_price * 1000


def usage_row(use: HourOfUse) -> JsonRow:
    """Return one result of organization/usage/completions."""
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": use.input_tokens,
        "output_tokens": use.output_tokens,
        "input_cached_tokens": use.cached_tokens,
        "input_audio_tokens": 0,
        "output_audio_tokens": 0,
        "num_model_requests": use.requests,
        "project_id": use.stream.project_id,
        "user_id": None,
        "api_key_id": use.stream.api_key_id,
        "model": use.model,
        "batch": False,
        "service_tier": "default",
    }


def embedding_row(tokens: int) -> JsonRow:
    """Return one result of organization/usage/embeddings."""
    return {
        "object": "organization.usage.embeddings.result",
        "input_tokens": tokens,
        "num_model_requests": tokens // EMBEDDED_TOKENS_PER_REQUEST,
        "project_id": EMBEDDING_PROJECT,
        "user_id": None,
        "api_key_id": "key_search",
        "model": EMBEDDING_MODEL,
    }


def cost_rows(day: date, uses: list[HourOfUse], embedded_tokens: int) -> list[JsonRow]:
    """Return the results of organization/costs of one day: tokens times list price, by line item."""
    quantities: dict[tuple[str, str, str], int] = {(EMBEDDING_PROJECT, EMBEDDING_MODEL, "input"): embedded_tokens}
    for use in uses:
        classes = {
            "input": use.input_tokens - use.cached_tokens,
            "cached input": use.cached_tokens,
            "output": use.output_tokens,
        }
        for line_item, tokens in classes.items():
            key = (use.stream.project_id, use.model, line_item)
            quantities[key] = quantities.get(key, 0) + tokens
    return [
        cost_row(
            project,
            f"{model}, {line_item}",
            tokens,
            unit_price(model, day, line_item),
        )
        for (project, model, line_item), tokens in sorted(quantities.items())
        if tokens
    ]


def cost_row(project_id: str, line_item: str, tokens: int, price: Decimal) -> JsonRow:
    """Return one result of organization/costs; the API writes dollars as a JSON number."""
    return {
        "object": "organization.costs.result",
        "amount": {"value": float(tokens * price / MILLION), "currency": "usd"},
        "line_item": line_item,
        "project_id": project_id,
        "quantity": tokens,
        "quantity_unit": "tokens",
    }


def pages(rows: Mapping[datetime, list[JsonRow]], width: timedelta, most: int) -> Iterator[JsonRow]:
    """Yield pages as the API answers them: months, in parts of at most `most` buckets."""
    end = datetime(END_DAY.year, END_DAY.month, END_DAY.day, tzinfo=UTC)
    for window in month_windows(FIRST_DAY, END_DAY - DAY, now=end):
        for first, last in window.parts(width * most):
            starts = [first + number * width for number in range((last - first) // width)]
            yield {
                "object": "page",
                "data": [bucket(start, width, rows.get(start, [])) for start in starts],
                "has_more": False,
                "next_page": None,
            }


def bucket(start: datetime, width: timedelta, results: list[JsonRow]) -> JsonRow:
    """Return one bucket of a page."""
    times = {"start_time": int(start.timestamp()), "end_time": int((start + width).timestamp())}
    return {"object": "bucket", **times, "results": results}


def build() -> str:
    """Return the pages, one a line: completions by the hour, embeddings and costs by the day."""
    lengths, shapes, rng = read_lengths(), read_shapes(), np.random.default_rng(SEED)
    by_hour: dict[datetime, list[JsonRow]] = {}
    by_day: dict[datetime, list[HourOfUse]] = {}
    for stream in STREAMS:
        for use in use_hours(stream, lengths, shapes[stream.shape], rng):
            by_hour.setdefault(use.start, []).append(usage_row(use))
            by_day.setdefault(use.start.replace(hour=0), []).append(use)
    embedded = {day: int(rng.poisson(150_000)) * EMBEDDED_TOKENS_PER_REQUEST for day in sorted(by_day)}
    costs = {day: cost_rows(day.date(), uses, embedded[day]) for day, uses in by_day.items()}
    lines = [
        *pages(by_hour, HOUR, 168),
        *pages({day: [embedding_row(tokens)] for day, tokens in embedded.items()}, DAY, 31),
        *pages(costs, DAY, 31),
    ]
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)


def wrong_facts(rules: DemandRules) -> list[str]:
    """Return the facts of `demand_rules.toml` that the Azure trace does not bear out."""
    lengths = read_lengths()
    total = lengths.sum(axis=1)
    measured = {
        "default_input_tokens_per_request": (rules.default_input_tokens_per_request, lengths[:, 0].mean()),
        "default_output_tokens_per_request": (rules.default_output_tokens_per_request, lengths[:, 1].mean()),
        "p99_context_over_mean": (rules.p99_context_over_mean, np.quantile(total, 0.99) / total.mean()),
    }
    return [
        f"{name} is {fact.value}, the trace says {value:.4f}"
        for name, (fact, value) in measured.items()
        if abs(float(fact.value) / value - 1) > 0.001  # noqa: PLR2004 - rounding to the digits that are written
    ]


def compress(text: str) -> bytes:
    """Return gzip bytes that carry no time and no file name."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=9, mtime=0) as file:
        file.write(text.encode())
    return packed.getvalue()


def main() -> int:
    """Write or check the sample."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the committed file differs")
    arguments = parser.parse_args()
    text = build()
    problems = wrong_facts(read_demand_rules())
    if arguments.check:
        # Compare contents: compressed bytes depend on the version of zlib.
        same = OUTPUT.exists() and gzip.decompress(OUTPUT.read_bytes()).decode() == text
        problems += [] if same else [f"{OUTPUT.name} is not what this script builds"]
    else:
        OUTPUT.write_bytes(compress(text))
    print("\n".join(problems) or f"{OUTPUT.name}: {OUTPUT.stat().st_size:,} bytes, {text.count(chr(10))} pages")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
