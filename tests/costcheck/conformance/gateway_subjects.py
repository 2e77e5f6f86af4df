"""Anthropic's older reports, a LiteLLM proxy's daily sums and Langfuse, with healthy providers for the suite."""

from collections.abc import Mapping, Sequence

from costcheck.conformance import Answer, Asked, PullSubject
from costcheck.conformance.server import Provider
from costcheck.sources.bills import anthropic_legacy, langfuse, litellm_daily
from tests.costcheck.conformance.subjects import Row, as_json, copies, request, token_pages

Pages = Sequence[Sequence[Row]]
DAY = "2026-10-01"
HOUR = {"starting_at": f"{DAY}T00:00:00Z", "ending_at": f"{DAY}T01:00:00Z"}


def legacy_provider(pages: Pages, endpoint: str) -> Provider:
    """Serve the rows of one report in one bucket of time a page."""
    buckets = [[HOUR | {"results": list(rows)}] for rows in pages]

    def serve(asked: Asked) -> Answer:
        return token_pages(buckets if asked.path.endswith(endpoint) else [[]], asked, {})

    return serve


LEGACY_USAGE: Row = {
    "api_key_id": "apikey_1",
    "cache_creation": {"ephemeral_1h_input_tokens": 5, "ephemeral_5m_input_tokens": 20},
    "cache_read_input_tokens": 400,
    "model": "claude-opus-5-5",
    "output_tokens": 30,
    "service_tier": "standard",
    "uncached_input_tokens": 100,
    "workspace_id": "w1",
}
LEGACY_COST: Row = {
    "amount": "123.78912",
    "context_window": "0-200k",
    "cost_type": "tokens",
    "currency": "USD",
    "description": "Claude Opus 5.5 Usage - Output Tokens",
    "model": "claude-opus-5-5",
    "service_tier": "standard",
    "token_type": "output_tokens",
    "workspace_id": "w1",
}


def daily_provider(pages: Pages) -> Provider:
    """Serve the models of one day, a part of the day each, by page number; a row carries its model's name."""

    def serve(asked: Asked) -> Answer:
        number = int(asked.param("page") or 1)
        models = [{str(row.get("name", "unnamed")): row} for row in pages[number - 1]]
        days = [{"date": DAY, "breakdown": {"models": model, "providers": {"openai": {}}}} for model in models]
        return as_json({"results": days, "metadata": {"page": number, "total_pages": len(pages)}})

    return serve


DAILY_MODEL: Row = {
    "name": "gpt-5.4",
    "metrics": {
        "spend": 0.0175,
        "prompt_tokens": 4000,
        "completion_tokens": 500,
        "cache_read_input_tokens": 1000,
        "cache_creation_input_tokens": 200,
        "successful_requests": 3,
    },
    "api_key_breakdown": {},
}


def langfuse_provider(pages: Pages) -> Provider:
    """Serve the generations of the first day, by cursor."""

    def serve(asked: Asked) -> Answer:
        first_day = (asked.param("fromStartTime") or "").startswith(DAY)
        mine: Pages = pages if first_day and asked.param("type") == "GENERATION" else ((),)
        number = int((asked.param("cursor") or "c0").removeprefix("c"))
        meta = {"cursor": f"c{number + 1}"} if number + 1 < len(mine) else {}
        return as_json({"data": list(mine[number]), "meta": meta})

    return serve


GENERATION: Row = {
    "id": "o1",
    "type": "GENERATION",
    "startTime": f"{DAY}T09:15:30.100Z",
    "projectId": "project-1",
    "model": "gpt-5.4",
    "usageDetails": {"input": 600, "input_cached_tokens": 400, "output": 50, "total": 1050},
    "totalCost": 0.002,
}

GATEWAY_SUBJECTS: Mapping[str, PullSubject] = {
    "anthropic-legacy": PullSubject(
        module=anthropic_legacy,
        request=lambda url: request(url, environ={"ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-x"}, bucket_width="1h"),
        provider=lambda pages: legacy_provider(pages, "/messages"),
        rows=copies(
            LEGACY_USAGE, {}, {"model": "claude-haiku-5-5"}, {"workspace_id": None}, {"service_tier": "batch"}
        ),
        looping=lambda _: as_json({"data": [], "has_more": True, "next_page": "again"}),
    ),
    "anthropic-legacy cost": PullSubject(
        module=anthropic_legacy,
        request=lambda url: request(url, environ={"ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-x"}, bucket_width="1h"),
        provider=lambda pages: legacy_provider(pages, "/cost_report"),
        rows=copies(LEGACY_COST, {}, {"description": "Input Tokens"}, {"workspace_id": None}),
    ),
    "litellm-daily": PullSubject(
        module=litellm_daily,
        request=lambda url: request(url, environ={"LITELLM_MASTER_KEY": "sk-x"}),
        provider=daily_provider,
        rows=copies(DAILY_MODEL, {}, {"name": "gpt-5.4-mini"}, {"name": "claude-opus-5-5"}),
        read=2,
        optional=frozenset({"name"}),
        paged=True,
    ),
    "langfuse": PullSubject(
        module=langfuse,
        request=lambda url: request(
            url, environ={"LANGFUSE_PUBLIC_KEY": "pk-lf-x", "LANGFUSE_SECRET_KEY": "sk-lf-xxxxxxxx"}
        ),
        provider=langfuse_provider,
        rows=copies(GENERATION, {}, {"id": "o2", "model": "gpt-5.4-mini"}, {"id": "o3", "totalCost": 0.5}),
        looping=lambda _: as_json({"data": [], "meta": {"cursor": "again"}}),
        read=2,
        texts=frozenset({"input", "output", "metadata"}),
    ),
}
