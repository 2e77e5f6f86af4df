"""OpenAI, Anthropic and a LiteLLM proxy, with healthy providers for the suite."""

from collections.abc import Sequence

from costcheck.conformance import Answer, Asked, PullSubject
from costcheck.conformance.server import Provider
from costcheck.sources.bills import anthropic, litellm, openai
from tests.costcheck.conformance.aws_subjects import AWS_SUBJECTS
from tests.costcheck.conformance.subjects import BEGIN, HOUR, Row, as_json, copies, request, token_pages

Pages = Sequence[Sequence[Row]]
NOTHING: Pages = ((),)


def openai_provider(pages: Pages, kind: str, endpoint: str) -> Provider:
    """Serve the rows in one bucket a page, to the first request of the month; everything else is empty."""
    buckets = [
        [{"object": "bucket", "start_time": BEGIN, "end_time": BEGIN + HOUR, "results": list(rows)}] for rows in pages
    ]

    def serve(asked: Asked) -> Answer:
        mine = asked.path.endswith(endpoint) and asked.param("start_time") == str(BEGIN)
        return token_pages(buckets if mine else NOTHING, asked, {"object": kind})

    return serve


OPENAI_USAGE: Row = {
    "object": "organization.usage.completions.result",
    "input_tokens": 1200,
    "output_tokens": 150,
    "input_cached_tokens": 800,
    "input_cache_write_tokens": 40,
    "num_model_requests": 6,
    "project_id": "p1",
    "api_key_id": None,
    "model": "gpt-5.4",
    "batch": False,
    "service_tier": "default",
}
OPENAI_COST: Row = {
    "object": "organization.costs.result",
    "amount": {"value": 1.25, "currency": "usd"},
    "line_item": "gpt-5.4, input",
    "project_id": "p1",
    "quantity": 500.0,
    "quantity_unit": "tokens",
}


def anthropic_provider(pages: Pages, endpoint: str) -> Provider:
    """Serve the rows of one endpoint to whoever asks for the first day of the month."""

    def serve(asked: Asked) -> Answer:
        mine = asked.path.endswith(endpoint) and (asked.param("starting_at") or "").startswith("2026-10-01")
        mine = mine and asked.param("inference_geos[]") is None
        return token_pages(pages if mine else NOTHING, asked, {"data_refreshed_at": "2026-11-02T00:00:00Z"})

    return serve


ANTHROPIC_USAGE: Row = {
    "starting_at": "2026-10-01T00:00:00Z",
    "ending_at": "2026-10-01T01:00:00Z",
    "group": {"model": "claude-opus-5-5", "service_tier": "standard", "workspace_id": "w1"},
    "usage": {
        "uncached_input_tokens": 100,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 5},
        "cache_read_input_tokens": 400,
        "output_tokens": 30,
        "total_tokens": 555,
        "requests": 7,
    },
}
ANTHROPIC_COST: Row = {
    "starting_at": "2026-10-01T00:00:00Z",
    "ending_at": "2026-10-02T00:00:00Z",
    "group": {"model": "claude-opus-5-5", "cost_type": "tokens", "token_type": "output_tokens", "workspace_id": "w1"},
    "cost": {"amount": "123.78912", "list_amount": "150", "currency": "USD", "requests": None},
}


def litellm_provider(pages: Pages) -> Provider:
    """Serve the rows on the first day of the month, by page number."""
    total = sum(len(rows) for rows in pages)

    def serve(asked: Asked) -> Answer:
        mine = (asked.param("start_date") or "").startswith("2026-10-01")
        number = int(asked.param("page") or 1)
        rows = list(pages[number - 1]) if mine else []
        return as_json(
            {"data": rows, "total": total if mine else 0, "page": number, "total_pages": len(pages) if mine else 1}
        )

    return serve


LITELLM_LOG: Row = {
    "request_id": "r1",
    "call_type": "acompletion",
    "api_key": "hash",
    "spend": 0.0175,
    "prompt_tokens": 4000,
    "completion_tokens": 500,
    "startTime": "2026-10-01T09:15:00.100000Z",
    "model": "gpt-5.4",
    "custom_llm_provider": "openai",
    "metadata": {"additional_usage_values": {"cache_read_input_tokens": 2000}},
    "cache_hit": "False",
    "request_tags": ["team:search"],
    "team_id": "team-1",
    "status": "success",
}


def _groups(row: Row, **more: str) -> tuple[Row, ...]:
    """Return four rows that differ in their group."""
    group = row["group"] | more
    return copies(row, {}, *({"group": group | {"workspace_id": f"w{number}"}} for number in (2, 3, 4)))


OWN_SUBJECTS: dict[str, PullSubject] = {
    **AWS_SUBJECTS,
    "openai": PullSubject(
        module=openai,
        request=lambda url: request(url, environ={"OPENAI_ADMIN_KEY": "sk-admin-x"}, bucket_width="1h"),
        provider=lambda pages: openai_provider(pages, "page", "/completions"),
        rows=copies(OPENAI_USAGE, {}, {"model": "gpt-5.4-mini"}, {"project_id": "p2"}, {"service_tier": "flex"}),
        looping=lambda _: as_json({"data": [], "has_more": True, "next_page": "again"}),
    ),
    "openai costs": PullSubject(
        module=openai,
        request=lambda url: request(url, environ={"OPENAI_ADMIN_KEY": "sk-admin-x"}, bucket_width="1h"),
        provider=lambda pages: openai_provider(pages, "page", "/organization/costs"),
        rows=copies(OPENAI_COST, {}, {"line_item": "gpt-5.4, output"}, {"project_id": "p2"}),
    ),
    "anthropic": PullSubject(
        module=anthropic,
        request=lambda url: request(url, environ={"ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-x"}, bucket_width="1h"),
        provider=lambda pages: anthropic_provider(pages, "/usage"),
        rows=_groups(ANTHROPIC_USAGE),
        looping=lambda _: as_json({"data": [], "has_more": True, "next_page": "again"}),
    ),
    "anthropic cost": PullSubject(
        module=anthropic,
        request=lambda url: request(url, environ={"ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-x"}, bucket_width="1h"),
        provider=lambda pages: anthropic_provider(pages, "/cost"),
        rows=_groups(ANTHROPIC_COST),
    ),
    "litellm": PullSubject(
        module=litellm,
        request=lambda url: request(url, environ={"LITELLM_MASTER_KEY": "sk-x"}),
        provider=litellm_provider,
        # A row becomes usage by the minute and a charge by the day: two models, two teams.
        rows=copies(
            LITELLM_LOG,
            {},
            {"request_id": "r2", "model": "gpt-5.4-mini"},
            {"request_id": "r3", "team_id": "team-2"},
        ),
        read=2,
        optional=frozenset({"request_id", "call_type", "metadata", "request_tags"}),
        texts=frozenset({"messages", "response", "proxy_server_request"}),
        numbered=lambda row, number: row | {"request_id": f"n{number}"},
    ),
}
