"""Names of Azure's meters, as users of the retail price list quote them."""

from decimal import Decimal

import pytest

from costcheck.records import Operation, ServiceTier, TokenType
from costcheck.sources.bills.azure_meters import is_hours, read_meter, tokens_of_unit

OPENAI = "Azure OpenAI"
GPT5 = "Azure OpenAI GPT5"
IN, CACHED, OUT = TokenType.UNCACHED_INPUT, TokenType.CACHE_READ_INPUT, TokenType.OUTPUT
WRITTEN = TokenType.CACHE_CREATION_5M_INPUT


@pytest.mark.parametrize(
    ("name", "subcategory", "model", "token_type"),
    [
        ("gpt 4o 1120 Inp glbl Tokens", OPENAI, "gpt-4o", IN),
        ("gpt 4o 1120 cached Inp glbl Tokens", OPENAI, "gpt-4o", CACHED),
        ("gpt 4o 1120 Outp glbl Tokens", OPENAI, "gpt-4o", OUT),
        ("gpt-4o-0806-Outp-glbl Tokens", OPENAI, "gpt-4o", OUT),
        ("gpt 4.1 Inp Data Zone Tokens", OPENAI, "gpt-4.1", IN),
        ("gpt 4.1 Inp regnl Tokens", OPENAI, "gpt-4.1", IN),
        ("GPT 5 Mini Inpt Glbl 1M Tokens", GPT5, "gpt-5-mini", IN),
        ("GPT 5 Mini cchd Inpt Glbl 1M Tokens", GPT5, "gpt-5-mini", CACHED),
        ("GPT 5 Mini outpt Glbl 1M Tokens", GPT5, "gpt-5-mini", OUT),
        ("5.4 mini cd Inp Gl 1M Tokens", GPT5, "gpt-5.4-mini", CACHED),
        ("5.4 opt Gl 1M Tokens", GPT5, "gpt-5.4", OUT),
        ("6-sol ShortCo Cd Wr Std Gl 1M Tokens", GPT5, "gpt-6-sol", WRITTEN),
        ("GPT 5.6 Sol short context cache writes input Global", GPT5, "gpt-5.6-sol", WRITTEN),
        ("gpt-5-codex-ccchd-inp-glbl Tokens", GPT5, "gpt-5-codex", CACHED),
        ("gpt 5 pro out glbl Tokens", GPT5, "gpt-5-pro", OUT),
        ("o3 mini 0131 cached input glbl Tokens", OPENAI, "o3-mini", CACHED),
        ("codex mini inp cchd glbl Tokens", "Azure OpenAI Reasoning", "codex-mini", CACHED),
        ("chat-latest 08062026 opt Gl 1M Tokens", GPT5, "chat-latest", OUT),
        ("4.3 Cached Inp Glbl", "Azure Grok Models", "grok-4.3", CACHED),
        ("V4 Flash cached glbl Tokens", "Azure Deepseek Models", "deepseek-v4-flash", CACHED),
        ("R1 Outp glbl Tokens", "Azure Deepseek Models", "deepseek-r1", OUT),
        ("Phi-3.5-Mini-128K-Instruct-Output Tokens", "Phi", "phi-3.5-mini-128k-instruct", OUT),
        ("text-embedding-3-small-glbl Tokens", OPENAI, "text-embedding-3-small", IN),
    ],
)
def test_a_name_tells_model_and_class(name: str, subcategory: str, model: str, token_type: TokenType) -> None:
    meter = read_meter(name, subcategory)
    assert (meter.model, meter.token_type) == (model, token_type)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("gpt 4o 1120 Inp glbl Tokens", "1120"),
        ("gpt-35-turbo16K-0125 Inp-glbl Tokens", "0125"),
        ("chat-latest 08062026 opt Gl 1M Tokens", "08062026"),
        ("gpt 4.1 Inp glbl Tokens", None),
        ("gpt 4 1399 Inp glbl Tokens", None),
    ],
)
def test_a_version_is_told_apart_since_most_names_tell_none(name: str, version: str | None) -> None:
    assert read_meter(name, OPENAI).version == version


@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("5.4 mini Batch Inp Gl", ServiceTier.BATCH),
        ("6-sol ShortCo Inp PP Gl", ServiceTier.PRIORITY),
        ("5.4 pp inp Gl 1M Tokens", ServiceTier.PRIORITY),
        ("54 mini Inp Flex Gl", ServiceTier.FLEX),
        ("6-sol ShortCo Inp Std Gl", ServiceTier.STANDARD),
    ],
)
def test_pp_is_priority_processing_and_a_tier_is_no_part_of_the_model(name: str, tier: ServiceTier) -> None:
    meter = read_meter(name, GPT5)
    assert meter.service_tier is tier
    assert meter.model in {"gpt-5.4-mini", "gpt-6-sol", "gpt-5.4", "gpt-54-mini"}


@pytest.mark.parametrize(
    ("name", "deployment"),
    [
        ("gpt 4.1 Inp glbl Tokens", "global"),
        ("5.1 pp cd inp Dz 1M Tokens", "data-zone"),
        ("gpt 4.1 Inp Data Zone Tokens", "data-zone"),
        ("gpt 4.1 Inp regnl Tokens", "regional"),
        ("gpt 4.1 Inp Tokens", None),
    ],
)
def test_the_deployment_is_told_where_the_name_tells_it(name: str, deployment: str | None) -> None:
    assert read_meter(name, GPT5).deployment == deployment


@pytest.mark.parametrize(("name", "is_long"), [("5.4 longco inp Gl", True), ("5.4 shortco inp Gl", False)])
def test_the_long_context_has_a_price_of_its_own(name: str, *, is_long: bool) -> None:
    assert read_meter(name, GPT5).is_long_context is is_long


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("gpt-4o-aud-1217 Inp glbl Tokens", Operation.AUDIO),
        ("gpt-4o-rt-txt-1217 Outp glbl Tokens", Operation.AUDIO),
        ("gpt-image-1-inp-txt-glbl Tokens", Operation.IMAGE),
        ("gpt-4o-mini-0718-FT-Outp-glbl Tokens", Operation.OTHER),
        ("gpt 4.1 dev ft training glbl Tokens", Operation.OTHER),
        ("o4 mini ft hosting Dz", Operation.OTHER),
        ("Code-Interpreter-global", Operation.OTHER),
        ("file-search-tool-calls-glbl Calls", Operation.OTHER),
        ("4.6 Outp DZ L Tokens", Operation.OTHER),
        ("Standard", Operation.OTHER),
        ("", Operation.OTHER),
        ("Inp glbl Tokens", Operation.OTHER),
        ("Neural Text To Speech Output Characters", Operation.AUDIO),
        ("Custom Voice Output Characters", Operation.OTHER),
        ("Content Safety Input Text Records", Operation.OTHER),
        ("Translator Document Input Pages", Operation.OTHER),
        ("gpt 4.1 Inp Outp glbl Tokens", Operation.OTHER),
    ],
)
def test_what_is_no_chat_or_not_understood_is_money_without_tokens(name: str, operation: Operation) -> None:
    meter = read_meter(name, "Foundry Models")
    assert (meter.model, meter.token_type, meter.operation) == (None, None, operation)


def test_provisioned_throughput_is_told_apart() -> None:
    assert read_meter("Provisioned Managed Global Unit", OPENAI).is_provisioned


@pytest.mark.parametrize(
    ("unit", "tokens"),
    [
        ("1K", 1_000),
        ("1M", 1_000_000),
        ("10K", 10_000),
        ("1", 1),
        ("1M Tokens", 1_000_000),
        ("1 Hour", None),
        ("1/Hour", None),
        ("Tokens", None),
        ("", None),
        ("0K", None),
        ("1G", None),
    ],
)
def test_how_many_tokens_a_unit_holds_stands_in_the_unit(unit: str, tokens: int | None) -> None:
    assert tokens_of_unit(unit) == (None if tokens is None else Decimal(tokens))


@pytest.mark.parametrize(("unit", "hours"), [("1 Hour", True), ("1/Hour", True), ("Hours", True), ("1K", False)])
def test_hours_are_known(unit: str, *, hours: bool) -> None:
    assert is_hours(unit) is hours


@pytest.mark.parametrize(("unit", "tokens"), [("1M", Decimal(1_000_000)), ("1K", None)])
def test_a_name_that_says_another_unit_makes_it_unknown(unit: str, tokens: Decimal | None) -> None:
    assert tokens_of_unit(unit, "GPT 5 Mini Inpt Glbl 1M Tokens") == tokens
