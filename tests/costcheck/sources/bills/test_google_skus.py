"""Descriptions of Google's SKUs, as bills and Google's own lists show them."""

import pytest

from costcheck.records import Operation, ServiceTier, TokenType
from costcheck.sources.bills.google_skus import read_sku

IN, CACHED, OUT = TokenType.UNCACHED_INPUT, TokenType.CACHE_READ_INPUT, TokenType.OUTPUT


@pytest.mark.parametrize(
    ("description", "model", "kind"),
    [
        ("Gemini 2.5 Flash GA Text Input - Predictions", "gemini-2.5-flash", IN),
        ("Gemini 2.5 Flash GA Text Output - Predictions", "gemini-2.5-flash", OUT),
        ("Gemini 2.5 Flash Text Output (Thinking On) - Predictions", "gemini-2.5-flash", OUT),
        ("Gemini 2.5 Flash GA Thinking Text Output - Predictions", "gemini-2.5-flash", OUT),
        (" Gemini 2.5 Flash GA Input Text Caching", "gemini-2.5-flash", CACHED),
        ("Gemini 3 Flash Text Input Caching", "gemini-3-flash", CACHED),
        ("Gemini 2.5 Flash Ga Text Input - Predictions", "gemini-2.5-flash", IN),
        ("Gemini 2.5 Flash Lite Text Input - Predictions", "gemini-2.5-flash-lite", IN),
        ("Gemini 3.8 Flash Global Text Input - Predictions", "gemini-3.8-flash", IN),
        ("Gemini 3.0 Pro Text Input Caching (Long)", "gemini-3.0-pro", CACHED),
        ("Gemini 3.8 Flash Global Image Input - Predictions", "gemini-3.8-flash", IN),
        ("Gemini 3.1 Flash Image Text Input - Predictions", "gemini-3.1-flash-image", IN),
        ("Gemini 3 Flash Image Input Caching Priority", "gemini-3-flash", CACHED),
        ("Generate content input token count gemini 3.5 flash text", "gemini-3.5-flash", IN),
        ("Generate content cached input token count gemini 3.5 flash text", "gemini-3.5-flash", CACHED),
        ("Generate content output token count gemini 2.5 flash short input text", "gemini-2.5-flash", OUT),
        ("Generate content output token count Gemini 2.5 Pro short output text", "gemini-2.5-pro", OUT),
        (
            "Generate content output token count gemini 2.5 flash short output text non-thinking",
            "gemini-2.5-flash",
            OUT,
        ),
        ("Generate_content text input token count for gemini 3 pro short", "gemini-3-pro", IN),
        ("Generate_content text cached input token count for gemini 3 pro short", "gemini-3-pro", CACHED),
        ("Generate_content image output token count for Gemini 3 Pro Image", "gemini-3-pro-image", OUT),
        (
            "Generate content output token count gemini 3.1 flash lite preview text",
            "gemini-3.1-flash-lite-preview",
            OUT,
        ),
        ("Generate content output token count gemini 3.1 flash lite", "gemini-3.1-flash-lite", OUT),
        ("Generate_content text output token count for gemini 3 flash batch", "gemini-3-flash", OUT),
    ],
)
def test_a_description_tells_model_and_class(description: str, model: str, kind: TokenType) -> None:
    sku = read_sku(description)
    assert (sku.model, sku.token_type) == (model, kind)


@pytest.mark.parametrize(
    ("description", "tier"),
    [
        ("Gemini 2.5 Flash GA Batch Text Input - Predictions", ServiceTier.BATCH),
        ("Gemini 3 Flash Text Input - Predictions Priority", ServiceTier.PRIORITY),
        ("Generate content output token count gemini 3 flash text flex", ServiceTier.FLEX),
        ("Generate_content text output token count for gemini 3 flash batch", ServiceTier.BATCH),
        ("Gemini 3 Flash Text Input - Predictions", ServiceTier.STANDARD),
    ],
)
def test_a_tier_is_no_part_of_the_model(description: str, tier: ServiceTier) -> None:
    sku = read_sku(description)
    assert sku.service_tier is tier
    assert sku.model in {"gemini-2.5-flash", "gemini-3-flash"}


@pytest.mark.parametrize(
    ("description", "is_long"),
    [
        ("Gemini 3.0 Pro Text Input (Long) - Predictions", True),
        ("Gemini 3.0 Pro Text Input - Predictions", False),
        ("Generate content output token count gemini 2.5 flash long input text", True),
        ("Generate content output token count gemini 2.5 flash short input text", False),
    ],
)
def test_long_prompts_have_a_price_of_their_own(description: str, *, is_long: bool) -> None:
    assert read_sku(description).is_long_context is is_long


@pytest.mark.parametrize(
    ("description", "operation"),
    [
        ("Gemini 3.8 Flash Global Image Input - Predictions", Operation.CHAT),
        ("Gemini 3.1 Flash Lite Global Audio Input - Predictions", Operation.AUDIO),
        ("Generate_content audio input token count for Gemini 3.5 Live Translate", Operation.AUDIO),
        ("Generate_content image output token count for Gemini 3 Pro Image", Operation.IMAGE),
        ("Gemini 3.1 Flash Image Text Output - Predictions", Operation.IMAGE),
    ],
)
def test_what_no_chat_model_replaces_is_told_apart(description: str, operation: Operation) -> None:
    assert read_sku(description).operation is operation


@pytest.mark.parametrize(
    "description",
    [
        "Gemini 3 Flash Text Input Caching Storage",
        "Gemini 1.5 Flash Text Input - Predictions",
        "Veo Generation 720p with Audio",
        "Grounding with Google Search on Gemini 3",
        "Generate content search query gemini 3 free",
        "Large Text Embedding Model - Predictions",
        "Agent Platform Memory",
        "Kimi K2 Thinking MaaS Text Input",
        "Gemini 3 Flash Text Input - Quantum Predictions",
        "Generate content output token count gemini 3 flash text quantum",
        "Text Input",
        "",
    ],
)
def test_what_is_no_token_or_not_understood_is_money_without_tokens(description: str) -> None:
    sku = read_sku(description)
    assert (sku.model, sku.token_type, sku.operation) == (None, None, Operation.OTHER)


def test_provisioned_throughput_is_told_apart() -> None:
    assert read_sku("Gemini 2.5 Flash Provisioned Throughput Monthly").is_provisioned
