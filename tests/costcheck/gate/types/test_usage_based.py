"""Functions, APIs, messages, streams: what sets a rate, and what has none here."""

import pytest

from costcheck.gate.estimate import Estimate
from costcheck.gate.view import UnpriceableError
from tests.costcheck.gate.types.messaging_cases import DELIVERY, QUEUE, STREAM, SUBSCRIPTION, TOPIC, kafka
from tests.costcheck.gate.types.registry import Json, estimate, meters, pair, quantities, resource
from tests.costcheck.gate.types.serverless_cases import API, FUNCTION, MACHINE, POOL, STAGE, WARM, function

SOURCES = "aws:lambda/eventSourceMapping:EventSourceMapping"


def test_a_function_of_unsaid_architecture_is_priced_as_the_dearer_one() -> None:
    assert [meter.sku_meter for meter in meters(resource(FUNCTION))] == ["Request", "Lambda-GB-Second"]


def test_a_user_pool_of_unsaid_tier_is_what_aws_makes() -> None:
    assert [meter.sku_meter for meter in meters(resource(POOL))] == ["CognitoEssentialsMAU"]


@pytest.mark.parametrize(
    "changes",
    [
        {"architectures": ["riscv"]},
        {"architectures": ["arm64", "x86_64"]},
        {"snapStart": {"applyOn": "PublishedVersions"}},
        {"capacityProviderConfig": {}},
        {"tenancyConfig": {}},
        {"durableConfig": {}},
    ],
)
def test_a_function_with_more_than_has_a_price_here_is_unknown(changes: Json) -> None:
    with pytest.raises(UnpriceableError):
        estimate(function(**changes))


def test_copies_of_a_function_outside_the_plan_are_unknown() -> None:
    with pytest.raises(UnpriceableError, match="not in the plan"):
        estimate(resource(WARM, functionName="elsewhere", provisionedConcurrentExecutions=1))


def test_copies_of_a_function_of_unsaid_memory_are_of_the_providers_own() -> None:
    small = resource(FUNCTION)
    found = quantities(
        estimate(resource(WARM, uses={"functionName": small}, provisionedConcurrentExecutions=8), small)
    )
    assert found["Lambda-Provisioned-Concurrency"] == pair(730 * 3600, 730 * 3600)


def test_readers_of_a_function_are_free_unless_they_are_bought_ahead() -> None:
    assert estimate(resource(SOURCES)) == Estimate()
    with pytest.raises(UnpriceableError):
        estimate(resource(SOURCES, provisionedPollerConfig={"minimumPollers": 1}))


def test_a_stage_without_a_cache_is_free() -> None:
    assert estimate(resource(STAGE)) == Estimate()
    assert estimate(resource(STAGE, cacheClusterEnabled=False, cacheClusterSize="0.5")) == Estimate()


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (API, {"protocolType": "SOAP"}),
        (API, {}),
        (MACHINE, {"type": "SLOW"}),
        (POOL, {"userPoolTier": "GOLD"}),
        (TOPIC, {"fifoTopic": True}),
        (SUBSCRIPTION, {"protocol": "sms"}),
        (SUBSCRIPTION, {}),
        (STREAM, {}),
        (STREAM, {"shardCount": 2, "retentionPeriod": 48}),
        (STREAM, {"shardCount": 2, "streamModeDetails": {"streamMode": "BURST"}}),
        (STREAM, {"shardCount": 2, "streamModeDetails": {}}),
        (DELIVERY, {"mskSourceConfiguration": {}}),
        (DELIVERY, {"opensearchConfiguration": {"vpcConfig": {}}}),
    ],
)
def test_a_kind_without_a_price_here_is_unknown(token: str, inputs: Json) -> None:
    with pytest.raises(UnpriceableError):
        estimate(resource(token, **inputs))


@pytest.mark.parametrize("protocol", ["sqs", "lambda"])
def test_deliveries_to_queues_and_functions_are_free(protocol: str) -> None:
    assert estimate(resource(SUBSCRIPTION, protocol=protocol)) == Estimate()


def test_a_queue_is_found_under_its_usage_type_of_every_region() -> None:
    (meter,) = meters(resource(QUEUE))
    assert meter.matches_usage_type("Requests-RBP", "us-east-1")
    assert meter.matches_usage_type("EUC1-Requests-Tier1", "eu-central-1")
    assert not meter.matches_usage_type("EUC1-Requests-FIFO-Tier1", "eu-central-1")


def test_kafka_with_bought_throughput_is_unknown_and_without_it_priced() -> None:
    bought = {"volumeSize": 500, "provisionedThroughput": {"enabled": True, "volumeThroughput": 250}}
    with pytest.raises(UnpriceableError, match="provisionedThroughput"):
        estimate(kafka(volume=bought))
    not_bought = {"volumeSize": 500, "provisionedThroughput": {"enabled": False}}
    assert quantities(estimate(kafka(volume=not_bought))) == quantities(estimate(kafka()))


def test_a_stream_that_keeps_its_data_for_a_day_keeps_nothing_more() -> None:
    stream = resource(STREAM, streamModeDetails={"streamMode": "ON_DEMAND"})
    assert not any("Retention" in meter.sku_meter for meter in meters(stream))
