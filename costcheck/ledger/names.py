"""One name for what sources call otherwise, as SQL: providers and models, to compare what two reads count.

One source says `gpt-5.4`, another `gpt-5.4-2026-03-05`. A gateway's log says `bedrock` and
`us.anthropic.claude-opus-5-5-v1:0`, AWS's bill `aws` and `anthropic.claude-opus-5-5`. A person writes `GPT 5.4`.
"""

PROVIDER = r"""CASE
    WHEN regexp_matches(lower(service_provider_name), '^(aws|amazon)?[._-]?bedrock') THEN 'aws'
    WHEN regexp_matches(lower(service_provider_name), '^(vertex_ai|gemini|gcp)') THEN 'google'
    WHEN lower(service_provider_name) LIKE 'azure%' THEN 'azure' ELSE lower(service_provider_name) END"""
VENDORS = (
    "anthropic|amazon|openai|meta|mistral|cohere|ai21|writer|google|qwen|moonshotai|minimax|nvidia|deepseek|zai|xai"
)
RELEASE = r"([-@]\d{4}-?\d{2}-?\d{2})?((-v\d+)?(:\d+k?)*|-\d+:\d+k?)$"


def model(column: str = "request_model") -> str:
    """Return the SQL of a model's name without maker, region, route, release, version, dots and spaces."""
    bare = rf"regexp_replace(regexp_replace(lower({column}), '^.*/', ''), '^([a-z-]+\.)?({VENDORS})\.', '')"
    return f"regexp_replace(regexp_replace({bare}, '{RELEASE}', ''), '[ ._-]+', '', 'g')"
