"""Lambda, API Gateway, Step Functions, EventBridge, Cognito, AppSync: paid by use, but for what is kept warm."""

from decimal import Decimal

from costcheck.gate.estimate import Estimate
from costcheck.gate.types.lines import all_month, by_use, listed, monthly, only_by_use
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter
from costcheck.units import HOURS_PER_MONTH

FUNCTION = "aws:lambda/function:Function"
ARM, X86 = "arm64", "x86_64"
MIB_PER_GIB, SECONDS_PER_HOUR = 1024, 3600
INCLUDED_DISK_MIB = 512
REST_SPELLINGS = ("AmazonApiGatewayRequest", "AmazonApiGateway-Request")
"""How some regions, such as eu-west-1 and ap-south-1, write it in bills."""
STATE_TRANSITIONS = listed("AmazonStates", "StateTransition", "State Transitions", "StateTransitions", "Transitions")
EXPRESS_REQUESTS = listed("AmazonStates", "StepFunctions-Request", "Requests")
EXPRESS_SECONDS = listed("AmazonStates", "StepFunctions-GB-Second", "GB-Seconds", "GB-Second", "seconds")
CUSTOM_EVENTS = listed(
    "AWSEvents", "Event-64K-Chunks/PutEvents", "64K-Chunks", productFamily="EventBridge", operation="PutEvents"
)
ARCHIVED = listed("AWSEvents", "ArchivedEvents-Bytes", "GB", productFamily="CloudWatch Events")
ARCHIVE = listed("AWSEvents", "TimedStorage-ByteHrs", "GB-Months", productFamily="CloudWatch Events")
SCHEDULED = listed("AWSEvents", "ScheduledInvocation", "Invocations", "Invocation")
QUERIES = listed("AWSAppSync", "GraphQLInvocation", "Requests", "Operations", "Queries", productFamily="API Calls")
CONNECTIONS = listed("AWSAppSync", "ConnectionDuration", "Minutes", "minutes", "Mins", productFamily="RealTime")
TIERS = {"LITE": "Lite", "ESSENTIALS": "Essentials", "PLUS": "Plus"}


def function(view: View) -> Estimate:
    """Return a function, by use; x86, the dearer architecture, where nothing says another."""
    for name in ("capacityProviderConfig", "durableConfig", "snapStart", "tenancyConfig"):
        if view.has(name):
            message = f"{name} adds prices that are not built in"
            raise UnpriceableError(message)
    chip = _chip(view)
    disk = listed("AWSLambda", "Lambda-Storage-GB-Second", "GB-Seconds", "Lambda-GB-Second")
    mib = view.number("ephemeralStorage", "size") if view.has("ephemeralStorage") else Decimal(INCLUDED_DISK_MIB)
    return Estimate(
        components=(
            by_use("requests", _lambda_meter("Request", chip, "AWS-Lambda-Requests", "Requests")),
            by_use("run time", _lambda_meter("Lambda-GB-Second", chip, "AWS-Lambda-Duration")),
            *((by_use("disk beyond 512 MiB", disk),) if mib > INCLUDED_DISK_MIB else ()),
        )
    )


def _chip(view: View) -> str:
    chips = view.texts("architectures") or (X86,)
    if len(chips) != 1 or chips[0] not in (X86, ARM):
        message = f"architectures is {', '.join(chips)[:60]!r}, which is neither {X86} nor {ARM}"
        raise UnpriceableError(message)
    return chips[0]


def _lambda_meter(usage: str, chip: str, group: str, unit: str = "GB-Seconds") -> Meter:
    suffix = "-ARM" if chip == ARM else ""
    units = ("Lambda-GB-Second", "Second") if unit == "GB-Seconds" else ()
    return listed("AWSLambda", f"{usage}{suffix}", unit, *units, group=f"{group}{suffix}")


def provisioned_concurrency(view: View) -> Estimate:
    """Return what is kept warm, used or not: copies x memory x seconds; its run time comes on top, by use."""
    owner = view.referred("functionName", FUNCTION)
    if owner is None:
        message = "the function that it keeps warm is not in the plan, so its memory is not known"
        raise UnpriceableError(message)
    copies = view.number("provisionedConcurrentExecutions")
    gib, chip = owner.number("memorySize", default=128) / MIB_PER_GIB, _chip(owner)
    kept = _lambda_meter("Lambda-Provisioned-Concurrency", chip, "AWS-Lambda-Provisioned-Concurrency")
    run = _lambda_meter("Lambda-Provisioned-GB-Second", chip, "AWS-Lambda-Duration-Provisioned")
    seconds = copies * gib * SECONDS_PER_HOUR * HOURS_PER_MONTH
    return Estimate(components=(monthly("memory kept warm", kept, seconds), by_use("run time of warm copies", run)))


def event_source(view: View) -> Estimate:
    """Return nothing: who reads for a function is free, unless readers are bought ahead."""
    if view.has("provisionedPollerConfig"):
        message = "readers that are bought ahead have a price that is not built in"
        raise UnpriceableError(message)
    return Estimate()


def rest_stage(view: View) -> Estimate:
    """Return the cache of a stage; without one it is free."""
    if not view.flag("cacheClusterEnabled", default=False):
        return Estimate()
    size = view.text("cacheClusterSize")
    meter = listed("AmazonApiGateway", f"ApiGatewayCacheUsage:{size}GB", "Hours")
    return Estimate(components=(all_month(f"API cache of {size} GB", meter),))


def http_api(view: View) -> Estimate:
    """Return an HTTP or WebSocket API, by use."""
    protocol = view.text("protocolType")
    if protocol == "HTTP":
        meter = listed("AmazonApiGateway", "ApiGatewayHttpRequest", "Requests", operation="ApiGatewayHttpApi")
        return Estimate(components=(by_use("HTTP requests", meter),))
    if protocol == "WEBSOCKET":
        messages = listed("AmazonApiGateway", "ApiGatewayMessage", "Messages", operation="ApiGatewayWebSocket")
        minutes = listed(
            "AmazonApiGateway", "ApiGatewayMinute", "Minutes", "minutes", operation="ApiGatewayWebSocket"
        )
        return Estimate(components=(by_use("messages", messages), by_use("connections", minutes)))
    message = f"protocolType is {protocol[:60]!r}, which is neither HTTP nor WEBSOCKET"
    raise UnpriceableError(message)


def state_machine(view: View) -> Estimate:
    """Return a state machine, by use: a standard one, which AWS makes where nothing is said, or an express one."""
    kind = view.text("type", default="STANDARD")
    if kind == "STANDARD":
        return Estimate(components=(by_use("state transitions", STATE_TRANSITIONS),))
    if kind == "EXPRESS":
        return Estimate(
            components=(by_use("express workflows", EXPRESS_REQUESTS), by_use("express run time", EXPRESS_SECONDS))
        )
    message = f"type is {kind[:60]!r}, which is neither STANDARD nor EXPRESS"
    raise UnpriceableError(message)


def user_pool(view: View) -> Estimate:
    """Return a user pool, by its active users; AWS makes an Essentials one where nothing is said."""
    tier = view.text("userPoolTier", default="ESSENTIALS")
    if tier not in TIERS:
        message = f"userPoolTier is {tier[:60]!r}, which is none of {', '.join(TIERS)}"
        raise UnpriceableError(message)
    plan = TIERS[tier]
    units = "MAU", "MAUs", "Users", "User"
    meter = listed("AmazonCognito", f"Cognito{plan}MAU", "Users", *units, productFamily=f"Amazon Cognito - {plan}")
    return Estimate(components=(by_use("active users", meter),))


PRICED = {
    FUNCTION: function,
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": provisioned_concurrency,
    "aws:lambda/eventSourceMapping:EventSourceMapping": event_source,
    "aws:apigateway/restApi:RestApi": only_by_use(
        by_use("API requests", listed("AmazonApiGateway", "ApiGatewayRequest", "Requests", spellings=REST_SPELLINGS))
    ),
    "aws:apigateway/stage:Stage": rest_stage,
    "aws:apigatewayv2/api:Api": http_api,
    "aws:sfn/stateMachine:StateMachine": state_machine,
    "aws:cloudwatch/eventBus:EventBus": only_by_use(by_use("custom events", CUSTOM_EVENTS)),
    "aws:cloudwatch/eventArchive:EventArchive": only_by_use(
        by_use("events archived", ARCHIVED), by_use("archive kept", ARCHIVE)
    ),
    "aws:scheduler/schedule:Schedule": only_by_use(by_use("scheduled invocations", SCHEDULED)),
    "aws:cognito/userPool:UserPool": user_pool,
    "aws:appsync/graphQLApi:GraphQLApi": only_by_use(
        by_use("GraphQL requests", QUERIES), by_use("live connections", CONNECTIONS)
    ),
}
