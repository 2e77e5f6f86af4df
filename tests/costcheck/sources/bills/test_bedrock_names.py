"""Names of Bedrock's models as bills, metrics and logs write them."""

import pytest

from costcheck.errors import PriceNotFoundError
from costcheck.sources.bills.bedrock_names import model_of_id, model_of_name
from costcheck.sources.prices.token_prices import installed_data, match_model


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("Claude Opus 5.5 (Amazon Bedrock Edition)", "anthropic.claude-opus-5-5"),
        ("Claude Sonnet 4.5", "anthropic.claude-sonnet-4-5-20250929"),
        ("Claude4.6Sonnet", "anthropic.claude-sonnet-4-6"),
        ("Claude4Sonnet", "anthropic.claude-sonnet-4-20250514"),
        ("Claude3Sonnet", "anthropic.claude-3-sonnet-20240229"),
        ("Claude3-5Haiku", "anthropic.claude-3-5-haiku-20241022"),
        ("Claude 3.5 Sonnet v2", "anthropic.claude-3-5-sonnet-20241022"),
        ("OpenAI GPT-5.6 Terra (Amazon Bedrock Edition)", "openai.gpt-5.6-terra"),
        ("gpt-oss-120b", "openai.gpt-oss-120b-1"),
        ("openai.gpt-oss-120b", "openai.gpt-oss-120b-1"),
        ("NovaPro", "amazon.nova-pro"),
        ("Nova2.0Lite", "amazon.nova-2-lite"),
        ("Llama4-Maverick-17B", "meta.llama4-maverick-17b-instruct"),
        ("Gemma-3-4B-IT", "google.gemma-3-4b-it"),
        ("xai.grok-4.6", "xai.grok-4.6"),
        ("Something New", "something-new"),
    ],
)
def test_a_bills_name_becomes_an_id(name: str, model: str) -> None:
    assert model_of_name(name, is_global=False) == model
    assert model_of_name(name, is_global=True) == f"global.{model}"


@pytest.mark.parametrize(
    ("model_id", "model"),
    [
        ("us.anthropic.claude-opus-5-5", "anthropic.claude-opus-5-5"),
        ("eu.amazon.nova-lite-v1:0", "amazon.nova-lite"),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "global.anthropic.claude-sonnet-4-5-20250929"),
        ("anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-3-haiku-20240307"),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0", "amazon.nova-pro"),
        ("arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.amazon.nova-lite-v1:0", "amazon.nova-lite"),
        ("openai.gpt-oss-120b-1:0", "openai.gpt-oss-120b-1"),
        ("mistral.mistral-7b-instruct-v0:2", "mistral.mistral-7b-instruct-v0"),
        ("amazon.nova-2-lite-v1:0:256k", "amazon.nova-2-lite"),
        ("xai.grok-4.6", "xai.grok-4.6"),
        ("something", "something"),
    ],
)
def test_an_id_loses_geography_and_version_alone(model_id: str, model: str) -> None:
    assert model_of_id(model_id) == model


def test_an_application_inference_profile_names_no_model() -> None:
    arn = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3"

    assert model_of_id(arn) == arn


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("Claude Sonnet 4.5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("Claude3-5Haiku", "us.anthropic.claude-3-5-haiku-20241022-v1:0"),
        ("Claude Opus 5.5", "anthropic.claude-opus-5-5"),
        ("NovaPro", "us.amazon.nova-pro-v1:0"),
        ("gpt-oss-120b", "openai.gpt-oss-120b-1:0"),
        ("Llama4-Maverick-17B", "us.meta.llama4-maverick-17b-instruct-v1:0"),
    ],
)
def test_a_bill_and_a_metric_name_one_model_alike_so_that_an_overlap_is_seen(name: str, model_id: str) -> None:
    assert model_of_name(name, is_global=False) == model_of_id(model_id)


@pytest.mark.parametrize(
    "name",
    [
        "Claude Opus 5.5",
        "Claude Sonnet 5",
        "Claude Sonnet 4.5",
        "Claude Haiku 4.5",
        "Claude Opus 4.1",
        "Claude4Sonnet",
        "Claude3-5Haiku",
        "Claude 3 Haiku",
        "OpenAI GPT-6 Astra",
        "gpt-oss-120b",
        "NovaPro",
        "Llama3-1-8B",
        "Kimi K3",
    ],
)
def test_genai_prices_knows_a_bills_model(name: str) -> None:
    try:
        match_model(installed_data(), "aws", model_of_name(name, is_global=False))
    except PriceNotFoundError as exc:
        pytest.fail(str(exc))


def test_the_global_profile_has_a_price_of_its_own() -> None:
    regional = match_model(installed_data(), "aws", model_of_name("Claude Opus 5.5", is_global=False))
    worldwide = match_model(installed_data(), "aws", model_of_name("Claude Opus 5.5", is_global=True))

    assert (regional.model_id, worldwide.model_id) == (
        "regional.anthropic.claude-opus-5-5",
        "global.anthropic.claude-opus-5-5",
    )
