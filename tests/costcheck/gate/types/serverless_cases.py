"""Functions, APIs and workflows priced by hand: rates, and what is kept warm."""

from costcheck.plan.records import Resource
from tests.costcheck.gate.types.registry import Case, Json, resource

FUNCTION, WARM = (
    "aws:lambda/function:Function",
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
)
STAGE, API = "aws:apigateway/stage:Stage", "aws:apigatewayv2/api:Api"
MACHINE, POOL = "aws:sfn/stateMachine:StateMachine", "aws:cognito/userPool:UserPool"


def function(**changes: Json) -> Resource:
    return resource(FUNCTION, "resize", **({"memorySize": 2048, "architectures": ["arm64"]} | changes))


RESIZE = function()
CASES = (
    Case(
        resource=function(ephemeralStorage={"size": 1024}),
        prices={
            "AWSLambda/Request-ARM": "0.0000002",
            "AWSLambda/Lambda-GB-Second-ARM": "0.0000133334",
            "AWSLambda/Lambda-Storage-GB-Second": "0.0000000309",
        },
        sets_price=(("architectures", 0), ("ephemeralStorage", "size")),
    ),
    Case(
        # 5 copies x 2 GiB x 730 h x 3600 s x 0.000004
        resource=resource(WARM, uses={"functionName": RESIZE}, provisionedConcurrentExecutions=5),
        others=(RESIZE,),
        prices={
            "AWSLambda/Lambda-Provisioned-Concurrency-ARM": "0.000004",
            "AWSLambda/Lambda-Provisioned-GB-Second-ARM": "0.00001",
        },
        desired_usd="105.12",
        sets_price=(("provisionedConcurrentExecutions",),),
    ),
    Case(
        resource=resource("aws:apigateway/restApi:RestApi"),
        prices={"AmazonApiGateway/ApiGatewayRequest": "0.0000035"},
    ),
    Case(
        # 730 h x 0.02
        resource=resource(STAGE, cacheClusterEnabled=True, cacheClusterSize="0.5"),
        prices={"AmazonApiGateway/ApiGatewayCacheUsage:0.5GB": "0.02"},
        desired_usd="14.6",
        sets_price=(("cacheClusterEnabled",), ("cacheClusterSize",)),
    ),
    Case(
        resource=resource(API, protocolType="HTTP"),
        prices={"AmazonApiGateway/ApiGatewayHttpRequest": "0.000001"},
        sets_price=(("protocolType",),),
    ),
    Case(
        resource=resource(API, protocolType="WEBSOCKET"),
        prices={"AmazonApiGateway/ApiGatewayMessage": "0.000001", "AmazonApiGateway/ApiGatewayMinute": "0.00000025"},
    ),
    Case(resource=resource(MACHINE), prices={"AmazonStates/StateTransition": "0.000025"}),
    Case(
        resource=resource(MACHINE, type="EXPRESS"),
        prices={
            "AmazonStates/StepFunctions-Request": "0.000001",
            "AmazonStates/StepFunctions-GB-Second": "0.00001667",
        },
        sets_price=(("type",),),
    ),
    Case(
        resource=resource("aws:cloudwatch/eventBus:EventBus"),
        prices={"AWSEvents/Event-64K-Chunks/PutEvents": "0.000001"},
    ),
    Case(
        resource=resource("aws:cloudwatch/eventArchive:EventArchive"),
        prices={"AWSEvents/ArchivedEvents-Bytes": "0.1", "AWSEvents/TimedStorage-ByteHrs": "0.023"},
    ),
    Case(resource=resource("aws:scheduler/schedule:Schedule"), prices={"AWSEvents/ScheduledInvocation": "0.000001"}),
    Case(
        resource=resource(POOL, userPoolTier="PLUS"),
        prices={"AmazonCognito/CognitoPlusMAU": "0.02"},
        sets_price=(("userPoolTier",),),
    ),
    Case(
        resource=resource("aws:appsync/graphQLApi:GraphQLApi"),
        prices={"AWSAppSync/GraphQLInvocation": "0.000004", "AWSAppSync/ConnectionDuration": "0.00000008"},
    ),
)
