"""Bedrock's usage types, each as it was seen in a bill, a price file or AWS's documentation."""

from decimal import Decimal

import pytest

from costcheck.errors import SourcePayloadError
from costcheck.records import Operation, ServiceTier, TokenType
from costcheck.sources.bills.bedrock_usage import (
    BedrockMeter,
    MeterKind,
    Scope,
    classify_usage_type,
    tokens_of,
    unit_tokens,
)

OPUS = "Claude Opus 5.5 (Amazon Bedrock Edition)"
TERRA = "OpenAI GPT-5.6 Terra (Amazon Bedrock Edition)"
AWS = "Amazon Bedrock"
SERVICE = "Amazon Bedrock Service"
INPUT = TokenType.UNCACHED_INPUT
READ = TokenType.CACHE_READ_INPUT
SHORT = TokenType.CACHE_CREATION_5M_INPUT
LONG = TokenType.CACHE_CREATION_1H_INPUT
OUTPUT = TokenType.OUTPUT


def meter(service: str, usage_type: str) -> BedrockMeter:
    found = classify_usage_type(service, usage_type)

    assert found is not None, usage_type
    return found


@pytest.mark.parametrize(
    ("usage_type", "token_type"),
    [
        ("USW2-MP:USW2_input_tokens_standard-Units", INPUT),
        ("USW2-MP:USW2_output_tokens_standard-Units", OUTPUT),
        ("USW2-MP:USW2_cache_read_tokens_standard-Units", READ),
        ("USW2-MP:USW2_cached_input_tokens_standard-Units", READ),
        ("USW2-MP:USW2_cache_write_tokens_standard-Units", SHORT),
        ("USW2-MP:USW2_cache_write_tokens_5m_standard-Units", SHORT),
        ("USW2-MP:USW2_cache_write_tokens_30m_standard-Units", SHORT),
        ("USE1-MP:USE1_cache_write_tokens_1h_standard-Units", LONG),
        ("USE1-MP:USE1_InputTokenCount-Units", INPUT),
        ("USE1-MP:USE1_OutputTokenCount-Units", OUTPUT),
        ("USE1-MP:USE1_CacheReadInputTokenCount-Units", READ),
        ("USE1-MP:USE1_CacheWriteInputTokenCount-Units", SHORT),
        ("USE1-MP:USE1_CacheWrite5mInputTokenCount-Units", SHORT),
        ("USE1-MP:USE1_CacheWrite1hInputTokenCount-Units", LONG),
        ("USE1-MP:USE1_MillionBatchInputTokens-Units", INPUT),
        ("USE1-MP:USE1_MillionBatchOutputTokens-Units", OUTPUT),
        ("USW2-MP:input_tokens_standard-Units", INPUT),
    ],
)
def test_a_unit_of_the_marketplace_is_a_million_tokens_of_the_model_in_the_service_name(
    usage_type: str, token_type: TokenType
) -> None:
    found = meter(OPUS, usage_type)

    assert (found.kind, found.token_type, found.model) == (
        MeterKind.TOKENS,
        token_type,
        "anthropic.claude-opus-5-5",
    )
    assert found.tokens_per_unit == 1_000_000
    assert found.region_code == usage_type[:4]


@pytest.mark.parametrize(
    ("service", "usage_type", "token_type", "model"),
    [
        (AWS, "USE1-NovaPro-input-tokens", INPUT, "amazon.nova-pro"),
        (AWS, "EU-Qwen3-VL-235B-A22B-output-tokens", OUTPUT, "qwen.qwen3-vl-235b-a22b"),
        (AWS, "USE1-NovaPro-cache-read-input-token-count", READ, "amazon.nova-pro"),
        (AWS, "USE1-NovaPro-cache-write-input-token-count", SHORT, "amazon.nova-pro"),
        (AWS, "USE1-Llama3-1-405B-output-tokens", OUTPUT, "meta.llama3-1-405b-instruct"),
        (AWS, "gpt-oss-20b-input-tokens", INPUT, "openai.gpt-oss-20b-1"),
        (AWS, "USE1-xai.grok-4.6-mantle-cache-read-tokens-standard", READ, "xai.grok-4.6"),
        (AWS, "USE1-moonshotai.kimi-k3-mantle-cache-write-tokens-30m-standard", SHORT, "moonshotai.kimi-k3"),
        (SERVICE, "USE1-Claude4.6Sonnet-input-tokens", INPUT, "anthropic.claude-sonnet-4-6"),
        (SERVICE, "USE1-Claude4.6Sonnet-cache-write-1h-input-token-count", LONG, "anthropic.claude-sonnet-4-6"),
        (
            SERVICE,
            "USE1-Claude4Sonnet-cache-write-input-token-count-1-hour",
            LONG,
            "anthropic.claude-sonnet-4-20250514",
        ),
        (
            SERVICE,
            "USW2-anthropic.claude-opus-5-mantle-cache-write-tokens-1h-standard",
            LONG,
            "anthropic.claude-opus-5",
        ),
    ],
)
def test_a_unit_that_aws_bills_is_a_thousand_tokens_of_the_model_in_the_usage_type(
    service: str, usage_type: str, token_type: TokenType, model: str
) -> None:
    found = meter(service, usage_type)

    assert (found.kind, found.token_type, found.model, found.tokens_per_unit) == (
        MeterKind.TOKENS,
        token_type,
        model,
        1_000,
    )


@pytest.mark.parametrize(
    ("service", "usage_type", "model"),
    [
        (OPUS, "USW2-MP:USW2_input_tokens_global_standard-Units", "global.anthropic.claude-opus-5-5"),
        (OPUS, "USE1-MP:USE1_CacheWrite1hInputTokenCount_Global-Units", "global.anthropic.claude-opus-5-5"),
        (SERVICE, "USE1-Claude4.6Opus-output-tokens-cross-region-global", "global.anthropic.claude-opus-4-6"),
        (
            SERVICE,
            "USE1-Claude4.6Opus-cache-read-input-token-count-cross-region-global",
            "global.anthropic.claude-opus-4-6",
        ),
        (
            SERVICE,
            "USW2-anthropic.claude-opus-4-8-mantle-input-tokens-global-standard",
            "global.anthropic.claude-opus-4-8",
        ),
    ],
)
def test_the_global_profile_is_a_model_with_a_price_of_its_own(service: str, usage_type: str, model: str) -> None:
    found = meter(service, usage_type)

    assert (found.model, found.scope) == (model, Scope.GLOBAL)
    assert "scope:global" in found.tags


@pytest.mark.parametrize(
    ("service", "usage_type"),
    [
        (OPUS, "USW2-MP:USW2_input_tokens_standard-Units"),
        (OPUS, "USW2-MP:USW2_OutputTokenCount_Geo-Units"),
        (SERVICE, "USE1-Claude4Sonnet-input-tokens-cross-region-geo"),
        (AWS, "USE1-NovaPro-input-tokens"),
    ],
)
def test_in_region_and_geographic_profiles_cost_the_same_and_are_one(service: str, usage_type: str) -> None:
    found = meter(service, usage_type)

    assert found.scope is Scope.REGIONAL
    assert f"region:{found.region_code}" in found.tags


@pytest.mark.parametrize(
    ("service", "usage_type", "tier"),
    [
        (OPUS, "USE1-MP:USE1_input_tokens_batch-Units", ServiceTier.BATCH),
        (OPUS, "USE1-MP:USE1_InputTokenCount_Global_Batch-Units", ServiceTier.BATCH),
        (OPUS, "USE1-MP:USE1_MillionBatchInputTokens-Units", ServiceTier.BATCH),
        (TERRA, "USE1-MP:USE1_input_tokens_priority-Units", ServiceTier.PRIORITY),
        (TERRA, "USE1-MP:USE1_input_tokens_long_ctx_flex-Units", ServiceTier.FLEX),
        (AWS, "USE1-Nova2.0Lite-input-tokens-flex", ServiceTier.FLEX),
        (AWS, "USE1-gpt-oss-120b-output-tokens-priority", ServiceTier.PRIORITY),
        (AWS, "USE1-Nova2.0Lite-input-tokens-cross-region-global-batch", ServiceTier.BATCH),
        (AWS, "USE1-Nova2.0Pro-text-input-tokens-priority-cross-region-global", ServiceTier.PRIORITY),
        (AWS, "USE1-deepseek.v3.2-mantle-input-tokens-flex", ServiceTier.FLEX),
        (AWS, "USE1-NovaPro-input-tokens", ServiceTier.STANDARD),
    ],
)
def test_the_tier_is_what_the_usage_type_says_and_else_standard(
    service: str, usage_type: str, tier: ServiceTier
) -> None:
    assert meter(service, usage_type).service_tier is tier


@pytest.mark.parametrize(
    ("service", "usage_type"),
    [
        (TERRA, "USE1-MP:USE1_input_tokens_long_ctx_global_standard-Units"),
        (TERRA, "USE1-MP:USE1_cache_write_tokens_30m_long_ctx_standard-Units"),
        (OPUS, "USW2-MP:USW2_InputTokenCount_LCtx_Global-Units"),
        (SERVICE, "USE1-Claude4Sonnet-output-tokens-long-context-cross-region-global"),
        (AWS, "USE1-openai.gpt-5.6-luna-mantle-cache-write-tokens-5m-long-ctx-flex"),
    ],
)
def test_a_long_prompt_is_marked(service: str, usage_type: str) -> None:
    found = meter(service, usage_type)

    assert found.is_long_context
    assert "context:long" in found.tags


@pytest.mark.parametrize(
    ("service", "usage_type"),
    [
        (OPUS, "USW2-MP:USW2_OutputTokenCount_LatencyOptimized-Units"),
        (AWS, "USE1-Claude3-5Haiku-input-tokens-latency-optimized"),
    ],
)
def test_latency_optimized_is_a_mark_and_no_tier(service: str, usage_type: str) -> None:
    found = meter(service, usage_type)

    assert (found.is_latency_optimized, found.is_long_context, found.service_tier) == (
        True,
        False,
        ServiceTier.STANDARD,
    )


@pytest.mark.parametrize(
    ("service", "usage_type", "operation"),
    [
        (AWS, "USE1-TitanEmbeddingV2-Text-input-tokens", Operation.EMBEDDINGS),
        ("Cohere Embed 4 Model (Amazon Bedrock Edition)", "USE1-MP:USE1_InputTokenCount-Units", Operation.EMBEDDINGS),
        (AWS, "USE1-NovaSonic-speech-input-tokens", Operation.AUDIO),
        (AWS, "USE1-NovaSonic-text-input-tokens", Operation.CHAT),
        (AWS, "USE1-Nova2.0Pro-input-image-token-count-cross-region-global", Operation.CHAT),
        (AWS, "USE1-Nova2.0Omni-output-image-token-count", Operation.IMAGE),
        (AWS, "USE1-Nova2.0Omni-input-audio-token-count", Operation.AUDIO),
    ],
)
def test_tokens_of_embeddings_speech_and_drawn_pictures_are_told_from_chat(
    service: str, usage_type: str, operation: Operation
) -> None:
    found = meter(service, usage_type)

    assert (found.kind, found.operation) == (MeterKind.TOKENS, operation)


def test_a_model_that_the_customer_trained_is_not_its_base() -> None:
    found = meter(AWS, "USE1-NovaLite-input-tokens-custom-model")

    assert (found.model, found.is_custom_model) == ("amazon.nova-lite-custom-model", True)


@pytest.mark.parametrize(
    ("service", "usage_type", "kind"),
    [
        (AWS, "USE1-Guardrail-ContentPolicyUnitsConsumed", MeterKind.GUARDRAIL),
        (AWS, "EUW2-Guardrail-SensitiveInformationPolicyPaidUnitsConsumed", MeterKind.GUARDRAIL),
        (OPUS, "USE1-MP:USE1_ProvisionedThroughput_1MonthCommit_ModelUnits_Usage-Units", MeterKind.CAPACITY),
        (OPUS, "USE1-MP:USE1_Reserved_1Month_InputTPM_Geo-Units", MeterKind.CAPACITY),
        (
            SERVICE,
            "USE1-anthropic.claude-opus-5-5-reserved-1-month-input-tokens-per-minute",
            MeterKind.CAPACITY,
        ),
        (AWS, "USE1-OSS-CustomModelImport-Inference-v1:0", MeterKind.CAPACITY),
        (AWS, "USE1-Nova2.0Lite-Customization-Training", MeterKind.CUSTOMIZATION),
        (AWS, "USE1-Nova2.0Lite-Customization-Storage", MeterKind.CUSTOMIZATION),
        (AWS, "USW2-AmazonRerank-v1-searchunits", MeterKind.SEARCH),
        ("Cohere Rerank v3.5 (Amazon Bedrock Edition)", "USE1-MP:USE1_search_units-Units", MeterKind.SEARCH),
        (AWS, "USE1-NovaCanvas-T2I-1024-Premium", MeterKind.IMAGE),
        (OPUS, "USE1-MP:USE1_InputImageCount-Units", MeterKind.IMAGE),
        (
            "Stable Diffusion 3 Large v1.0 (Amazon Bedrock Edition)",
            "USE1-MP:USE1_created_image-Units",
            MeterKind.IMAGE,
        ),
        (AWS, "USE1-NovaMultiModalEmbeddings-input-audio-second", MeterKind.AUDIO),
        (OPUS, "USE1-MP:USE1_CacheStorage-Units", MeterKind.TOOL),
        (AWS, "EUW2-Knowledge-Base:ConsumedStorage", MeterKind.TOOL),
    ],
)
def test_what_counts_no_tokens_is_told_by_its_name(service: str, usage_type: str, kind: MeterKind) -> None:
    found = meter(service, usage_type)

    assert (found.kind, found.token_type, found.tokens_per_unit) == (kind, None, None)


@pytest.mark.parametrize(
    ("service", "usage_type"),
    [
        (OPUS, "USW2-MP:USW2_InputTokenCount_Quantum-Units"),
        (OPUS, "USW2-MP:USW2_input_tokens_something_new-Units"),
        (OPUS, "USE1-MP:USE1_CacheValidationCount-Units"),
        (OPUS, "USE1-MP:USE1_CacheWrite45mInputTokenCount-Units"),
        (OPUS, "USE1-MP:USE1_input_tokens_1h_standard-Units"),
        (AWS, "USE1-NovaPro-input-tokens-quantum"),
        (AWS, "USE1-NovaPro-input-tokens-flexible"),
        (AWS, "USE1-NovaPro-input-tokens-flexbatch"),
        (AWS, "USE1-Something-New"),
        (AWS, ""),
    ],
)
def test_words_that_are_not_known_in_a_row_of_bedrock_are_unknown_and_never_scaled(
    service: str, usage_type: str
) -> None:
    found = meter(service, usage_type)

    assert (found.kind, found.tokens_per_unit) == (MeterKind.UNKNOWN, None)


@pytest.mark.parametrize(
    ("service", "usage_type"),
    [
        ("Amazon Elastic Compute Cloud - Compute", "USE1-BoxUsage:p5.48xlarge"),
        ("Datadog Pro", "USE1-MP:USE1_hosts-Units"),
        ("Amazon SageMaker", "USE1-Host:ml.g5.xlarge"),
        ("Amazon Comprehend", "USE1-DetectEntities-input-tokens"),
    ],
)
def test_other_services_are_none_of_bedrocks(service: str, usage_type: str) -> None:
    assert classify_usage_type(service, usage_type) is None


@pytest.mark.parametrize(
    ("service", "usage_type"),
    [
        ("Some New Service", "USW2-MP:USW2_input_tokens_standard-Units"),
        ("Some New Service", "USW2-anthropic.claude-opus-5-mantle-input-tokens-standard"),
    ],
)
def test_the_usage_type_tells_bedrock_also_under_another_service(service: str, usage_type: str) -> None:
    assert meter(service, usage_type).kind is MeterKind.TOKENS


def test_a_marketplace_row_under_another_service_names_no_model() -> None:
    assert meter("Some New Service", "USW2-MP:USW2_input_tokens_standard-Units").model is None


@pytest.mark.parametrize(
    ("quantity", "unit", "tokens"),
    [
        ("0.000858", "N/A", 858),
        ("0.000858", "", 858),
        ("0.000858", "Units", 858),
        ("0.000858", "1M tokens", 858),
        ("1234.567891", "N/A", 1_234_567_891),
        ("0.0008579999999999", "N/A", 858),
        ("0", "N/A", 0),
    ],
)
def test_a_quantity_of_the_marketplace_is_millions(quantity: str, unit: str, tokens: int) -> None:
    found = meter(TERRA, "USW2-MP:USW2_input_tokens_standard-Units")

    assert tokens_of(found, Decimal(quantity), unit) == tokens


@pytest.mark.parametrize("unit", ["N/A", "1K tokens", "1,000 tokens", "Thousand tokens"])
def test_a_quantity_of_aws_is_thousands(unit: str) -> None:
    assert tokens_of(meter(AWS, "USE1-NovaPro-input-tokens"), Decimal("10666.361"), unit) == 10_666_361


@pytest.mark.parametrize(
    ("service", "usage_type", "quantity", "unit", "problem"),
    [
        (
            AWS,
            "USE1-NovaPro-input-tokens",
            "0.000858",
            "N/A",
            "are 0.858000 tokens, which is no whole number of them",
        ),
        (AWS, "USE1-NovaPro-input-tokens", "1", "1M tokens", "a unit is '1M tokens', and 1000 tokens"),
        (TERRA, "USE1-MP:USE1_input_tokens_standard-Units", "1", "1K tokens", "and 1000000 tokens"),
        (AWS, "USE1-NovaPro-input-tokens", "-1", "N/A", "-1 units"),
        (AWS, "USE1-NovaPro-input-tokens", "NaN", "N/A", "NaN units"),
        (AWS, "UGW1-openai.gpt-5.6-terra-mantle-input-tokens-standard", "1", "N/A", "does not tell it"),
        (AWS, "USE1-Something-New", "1", "N/A", "does not tell it"),
    ],
)
def test_a_quantity_in_a_unit_that_is_not_certain_is_refused(
    service: str, usage_type: str, quantity: str, unit: str, problem: str
) -> None:
    with pytest.raises(SourcePayloadError, match=problem):
        tokens_of(meter(service, usage_type), Decimal(quantity), unit)


def test_govclouds_mantle_takes_the_unit_of_the_row() -> None:
    found = meter(AWS, "UGW1-openai.gpt-5.6-terra-mantle-input-tokens-standard")

    assert tokens_of(found, Decimal("1.5"), "1M tokens") == 1_500_000


@pytest.mark.parametrize(
    ("unit", "tokens"),
    [("Tokens", 1), ("1K tokens", 1000), ("1000000 Tokens", 10**6), ("1M tokens", 10**6), ("Hrs", None), ("K", None)],
)
def test_a_unit_of_measure_is_read_and_not_guessed(unit: str, tokens: int | None) -> None:
    assert unit_tokens(unit) == tokens
