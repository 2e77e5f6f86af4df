"""Sources of AWS for the suite: providers that speak AWS's own protocols."""

import json
from collections.abc import Sequence

from costcheck.conformance import Answer, Asked, PullSubject
from costcheck.conformance.server import Provider
from costcheck.sources.bills import aws_cloudwatch, aws_cost_explorer
from costcheck.sources.bills.contract import PullRequest
from tests.costcheck.conformance.subjects import BEGIN, DAY, NOW, Row, as_json, copies

Pages = Sequence[Sequence[Row]]
LOGIN = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
ACCOUNT = "123456789012"
IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{ACCOUNT}:user/finance</Arn><UserId>AIDA</UserId><Account>{ACCOUNT}</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>none</RequestId></ResponseMetadata></GetCallerIdentityResponse>
""".encode()
DAY_OF_ROWS = {"TimePeriod": {"Start": "2026-10-01", "End": "2026-10-02"}, "Estimated": False}
CE_USAGE: Row = {
    "Keys": ["Amazon Bedrock", "USE1-NovaPro-input-tokens"],
    "Metrics": {
        "UnblendedCost": {"Amount": "0.8", "Unit": "USD"},
        "NetAmortizedCost": {"Amount": "0.8", "Unit": "USD"},
        "UsageQuantity": {"Amount": "1000.5", "Unit": "N/A"},
    },
}


def aws_request(url: str) -> PullRequest:
    """Return the request of one day, of the server at `url`."""
    return PullRequest(windows=(DAY,), now=NOW, environ=LOGIN, options={"endpoint-url": url, "regions": "us-east-1"})


def with_sts(provider: Provider) -> Provider:
    """Return a provider that also says whose credentials these are."""

    def serve(asked: Asked) -> Answer:
        if asked.body.startswith(b"Action=GetCallerIdentity"):
            return Answer(body=IDENTITY, headers={"content-type": "text/xml"})
        return provider(asked)

    return serve


def cost_explorer(pages: Pages) -> Provider:
    """Serve the rows as usage by the day; the services are told on a page of their own, everything else is empty."""

    def serve(asked: Asked) -> Answer:
        question = json.loads(asked.body)
        if question["GroupBy"][1]["Key"] == "RECORD_TYPE":
            return as_json({"ResultsByTime": []})
        if question["Granularity"] == "MONTHLY":
            rows = [{**CE_USAGE, "Metrics": {}}] if any(pages) else []
            return as_json({"ResultsByTime": [{**DAY_OF_ROWS, "Groups": rows}]})
        number = int(question.get("NextPageToken", "0"))
        more = {"NextPageToken": f"{number + 1}"} if number + 1 < len(pages) else {}
        return as_json({"ResultsByTime": [{**DAY_OF_ROWS, "Groups": list(pages[number])}], **more})

    return with_sts(serve)


MODELS = ("anthropic.claude-opus-5-5", "anthropic.claude-sonnet-5", "openai.gpt-6-astra")
CW_SERIES: Row = {"Id": "m0", "Timestamps": [BEGIN], "Values": [100], "StatusCode": "Complete"}


def cloudwatch(pages: Pages) -> Provider:
    """Serve the rows as the input tokens of three models in `AWS/Bedrock`; mantle has none."""
    listed = [
        {"MetricName": "InputTokenCount", "Dimensions": [{"Name": "ModelId", "Value": model}]} for model in MODELS
    ]

    def serve(asked: Asked) -> Answer:
        question = json.loads(asked.body)
        if asked.headers["x-amz-target"].endswith("ListMetrics"):
            mine = question["Namespace"] == "AWS/Bedrock" and any(pages)
            return as_json({"Metrics": listed if mine else []})
        number = int(question.get("NextToken", "0"))
        more = {"NextToken": f"{number + 1}"} if number + 1 < len(pages) else {}
        return as_json({"MetricDataResults": list(pages[number]), **more})

    return with_sts(serve)


AWS_SUBJECTS = {
    "bedrock-metrics": PullSubject(
        module=aws_cloudwatch,
        request=aws_request,
        provider=cloudwatch,
        rows=copies(CW_SERIES, {}, {"Id": "m1", "Values": [7]}, {"Id": "m2"}),
        looping=with_sts(lambda _: as_json({"Metrics": [], "MetricDataResults": [], "NextToken": "again"})),
    ),
    "aws": PullSubject(
        module=aws_cost_explorer,
        request=aws_request,
        provider=cost_explorer,
        rows=copies(
            CE_USAGE,
            {},
            {"Keys": ["Amazon Bedrock", "USE1-NovaPro-output-tokens"]},
            {"Keys": ["Claude Opus 5.5 (Amazon Bedrock Edition)", "USW2-MP:USW2_input_tokens_standard-Units"]},
        ),
        looping=with_sts(lambda _: as_json({"ResultsByTime": [], "NextPageToken": "again"})),
        read=2,
    ),
}
