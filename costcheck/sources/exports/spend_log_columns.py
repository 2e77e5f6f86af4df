"""Columns of LiteLLM's table `LiteLLM_SpendLogs`, as in `litellm/proxy/schema.prisma` of 1.106.2, checked 2026-11-23.

The columns that may hold prompts or answers (`messages`, `response`, `proxy_server_request`) are never named, so
never read.
"""

REQUIRED_COLUMNS = ("request_id", "startTime", "model", "spend", "prompt_tokens", "completion_tokens")
OPTIONAL_COLUMNS = (
    "call_type",
    "api_key",
    "custom_llm_provider",
    "metadata",
    "cache_hit",
    "request_tags",
    "team_id",
    "status",
)
COLUMNS = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
