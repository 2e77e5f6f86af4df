"""Tags of load balancers come twenty at a time."""

from costcheck.sources.leftovers.calls import Account
from costcheck.sources.leftovers.load_balancers import fetch_classic_load_balancers, fetch_load_balancers
from tests.costcheck.sources.leftovers.builders import (
    ACCOUNT_ID,
    LOAD_BALANCER,
    MARKS,
    REGION,
    Answer,
    answering,
    classic_load_balancer,
    load_balancer,
)


def account(asked: dict[str, object]) -> Account:
    return Account(
        clients=asked,  # type: ignore[arg-type]  # boto3's own
        account_id=ACCOUNT_ID,
        partition="aws",
        region_id=REGION,
        marks=MARKS,
        tagged={},
    )


def test_the_twenty_first_load_balancer_has_its_tags_too() -> None:
    arns = [f"{LOAD_BALANCER[:-2]}{number}" for number in range(10, 31)]
    answers: list[Answer] = [
        ("elbv2", "describe_load_balancers", {"LoadBalancers": [load_balancer(arn) for arn in arns]}),
        *(
            ("elbv2", "describe_tags", {"TagDescriptions": [{"ResourceArn": arn} for arn in part]})
            for part in (arns[:20], arns[20:])
        ),
    ]

    with answering(answers) as asked:
        assert len(fetch_load_balancers(account(asked))) == 21


def test_the_twenty_first_classic_load_balancer_has_its_tags_too() -> None:
    names = [f"lb{number}" for number in range(21)]
    rows = [classic_load_balancer(name) for name in names]
    answers: list[Answer] = [
        ("elb", "describe_load_balancers", {"LoadBalancerDescriptions": rows}),
        *(
            ("elb", "describe_tags", {"TagDescriptions": [{"LoadBalancerName": name} for name in part]})
            for part in (names[:20], names[20:])
        ),
    ]

    with answering(answers) as asked:
        assert len(fetch_classic_load_balancers(account(asked))) == 21
