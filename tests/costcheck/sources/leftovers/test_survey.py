"""Every listing is made, nothing that carries a mark is lost, and a listing that fails is never passed over."""

from collections.abc import Mapping
from itertools import dropwhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcheck.errors import SourceAuthError
from costcheck.sources.leftovers.survey import IAM_ACTIONS, LISTINGS
from costcheck.sources.leftovers.things import Bills
from tests.costcheck.sources.leftovers.builders import (
    EC2_LISTINGS,
    LOAD_BALANCER,
    Answer,
    Row,
    address,
    auto_scaling_group,
    classic_load_balancer,
    cluster,
    identity,
    index,
    instance,
    interface,
    load_balancer,
    nat_gateway,
    node_group,
    nothing,
    one_of_each,
    snapshot,
    surveyed,
    tagged,
    volume,
    vpc,
)

ACTIONS = {
    "get_resources": "tag:GetResources",
    "list_clusters": "eks:ListClusters",
    "list_nodegroups": "eks:ListNodegroups",
    "describe_nodegroup": "eks:DescribeNodegroup",
    "describe_cluster": "eks:DescribeCluster",
    "describe_auto_scaling_groups": "autoscaling:DescribeAutoScalingGroups",
    "describe_load_balancers": "elasticloadbalancing:DescribeLoadBalancers",
    "describe_tags": "elasticloadbalancing:DescribeTags",
    "describe_log_groups": "logs:DescribeLogGroups",
    "list_buckets": "s3:ListAllMyBuckets",
    "list_object_versions": "s3:ListBucketVersions",
    "list_multipart_uploads": "s3:ListBucketMultipartUploads",
    "describe_budgets": "budgets:ViewBudget",
    "describe_budget_actions_for_account": "budgets:DescribeBudgetActionsForAccount",
    "list_tags_for_resource": "budgets:ListTagsForResource",
    "describe_key": "kms:DescribeKey",
    "describe_instances": "ec2:DescribeInstances",
    "describe_nat_gateways": "ec2:DescribeNatGateways",
    "describe_vpc_endpoints": "ec2:DescribeVpcEndpoints",
    "describe_addresses": "ec2:DescribeAddresses",
    "describe_network_interfaces": "ec2:DescribeNetworkInterfaces",
    "describe_volumes": "ec2:DescribeVolumes",
    "describe_snapshots": "ec2:DescribeSnapshots",
    "describe_vpcs": "ec2:DescribeVpcs",
    "describe_capacity_reservations": "ec2:DescribeCapacityReservations",
}
OURS = [
    {"worthwhile:stack": "dev"},
    {"kubernetes.io/cluster/llm-dev": "owned"},
    {"eks:cluster-name": "llm-dev"},
    {"aws:eks:cluster-name": "llm-dev"},
    {"eks:eks-cluster-name": "llm-dev", "karpenter.sh/nodepool": "gpu"},
    {"elbv2.k8s.aws/cluster": "llm-dev"},
    {"cluster.k8s.amazonaws.com/name": "llm-dev"},
    {"KubernetesCluster": "llm-dev"},
    {"ebs.csi.aws.com/cluster-name": "llm-dev"},
    {"ebs.csi.aws.com/cluster": "true"},
    {"kubernetes.io/created-for/pvc/name": "weights"},
]
FOREIGN: list[dict[str, str]] = [
    {},
    {"worthwhile:stack": "dev2"},
    {"kubernetes.io/cluster/llm-dev2": "owned", "ebs.csi.aws.com/cluster": "true"},
    {"kubernetes.io/cluster/llm-dev": "shared"},
    {"eks:eks-cluster-name": "other", "karpenter.sh/nodepool": "gpu"},
]


def ids(answers: list[Answer]) -> list[str]:
    return [leftover.id for leftover in surveyed(answers).leftovers]


def without_the_rest_of_a_listing(answers: list[Answer], place: int) -> list[Answer]:
    """Return the answers less those that are not asked for any more once one of EKS's is refused."""
    rest = answers[place + 1 :]
    if answers[place][0] == "eks":
        rest = list(dropwhile(lambda answer: answer[0] == "eks" and answer[1] != "list_clusters", rest))
    return [*answers[: place + 1], *rest]


def test_an_empty_account_has_nothing_left_and_every_listing_was_made() -> None:
    report = surveyed(nothing())

    assert (report.leftovers, report.unlisted, report.account_id) == ((), (), "111122223333")
    assert set(report.listed) == {"everything tagged", *(listing.name for listing in LISTINGS)}


def test_one_of_each_kind_is_found_in_the_order_of_removal() -> None:
    report = surveyed(one_of_each())

    assert report.unlisted == ()
    assert [leftover.id for leftover in report.leftovers] == [
        "llm-dev/gpu",
        "llm-dev",
        "eks-gpu-1",
        "i-1",
        "k8s-llm",
        "a1b2",
        "nat-1",
        "vpce-1",
        "eipalloc-1",
        "eni-1",
        "vol-1",
        "snap-1",
        "vpc-1",
        "cr-1",
        "/flow/dev",
        "weights",
        "dev-ceiling",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
    ]
    assert report.count(Bills.YES) == 15


@pytest.mark.parametrize(
    "place", [place for place, answer in enumerate(one_of_each()) if answer[1] != "get_caller_identity"]
)
def test_a_refused_call_is_reported_with_its_permission_and_the_rest_is_still_listed(place: int) -> None:
    answers = one_of_each()
    refused = answers[place]

    report = surveyed(without_the_rest_of_a_listing(answers, place), refused)

    (unlisted,) = report.unlisted
    assert ACTIONS[refused[1]] in unlisted.seen
    assert len(report.leftovers) >= 15


def test_every_permission_of_the_policy_is_one_that_is_asked_for() -> None:
    asked = {ACTIONS[operation] for _, operation, _ in one_of_each() if operation in ACTIONS}

    assert asked | {"sts:GetCallerIdentity"} == set(IAM_ACTIONS)


def test_without_an_identity_there_is_no_report() -> None:
    answers = one_of_each()

    with pytest.raises(SourceAuthError, match="sts:GetCallerIdentity"):
        surveyed(answers, refused=answers[0])


@pytest.mark.parametrize(
    ("service", "operation"),
    sorted({answer[:2] for answer in nothing() if answer[0] not in {"autoscaling", "budgets", "s3", "sts"}}),
)
def test_an_answer_without_the_list_that_was_asked_for_is_no_proof(service: str, operation: str) -> None:
    hollow = [(*answer[:2], {}) if answer[:2] == (service, operation) else answer for answer in nothing()]

    assert surveyed(hollow).unlisted


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(EC2_LISTINGS)), st.sampled_from(OURS + FOREIGN), st.booleans()), max_size=12
    )
)
def test_nothing_that_is_listed_and_marked_is_lost_and_nothing_else_is_taken(
    made: list[tuple[str, Mapping[str, str], bool]],
) -> None:
    pages: dict[str, list[list[Row]]] = {}
    ours: set[str] = set()
    for number, (operation, tags, new_page) in enumerate(made):
        _, build = EC2_LISTINGS[operation]
        listed = pages.setdefault(operation, [[]])
        if new_page and operation != "describe_addresses":  # the one listing that EC2 does not page
            listed.append([])
        listed[-1].append(build(f"thing-{number}", tags))
        if tags in OURS:
            ours.add(f"thing-{number}")

    assert set(ids(nothing(**pages))) == ours


def test_what_stands_in_the_stacks_vpc_is_the_stacks_without_a_tag() -> None:
    inside = {"describe_vpcs": [[vpc()]], "describe_network_interfaces": [[interface(tags={}, VpcId="vpc-1")]]}

    report = surveyed(nothing(**inside))

    assert [(leftover.id, leftover.why) for leftover in report.leftovers] == [
        ("eni-1", "in or attached to vpc-1 (VPC 10.0.0.0/16), which is the stack's"),
        ("vpc-1", "tag worthwhile:stack=dev (the program, on all that it makes: infra/tags.py)"),
    ]


def test_what_stands_in_somebody_elses_vpc_is_not() -> None:
    shared = vpc(tags={"kubernetes.io/cluster/llm-dev": "shared"})

    assert ids(nothing(describe_vpcs=[[shared]], describe_instances=[[instance(tags={}, VpcId="vpc-1")]])) == []


def test_a_load_balancer_of_either_version_in_the_stacks_vpc_is_the_stacks() -> None:
    found = {
        "LoadBalancers": [load_balancer(VpcId="vpc-1")],
        "LoadBalancerDescriptions": [classic_load_balancer(VPCId="vpc-1")],
    }
    answers = [
        (service, operation, {member: found.get(member, rows) for member, rows in response.items()})
        for service, operation, response in nothing(describe_vpcs=[[vpc()]])
    ]
    answers += [
        ("elbv2", "describe_tags", {"TagDescriptions": [{"ResourceArn": LOAD_BALANCER}]}),
        ("elb", "describe_tags", {"TagDescriptions": [{"LoadBalancerName": "a1b2"}]}),
    ]

    assert ids(answers) == ["k8s-llm", "a1b2", "vpc-1"]


def test_an_instance_of_the_stacks_auto_scaling_group_is_the_stacks() -> None:
    replacing = instance(tags={"aws:autoscaling:groupName": "eks-gpu-1"})
    answers: list[Answer] = [
        ("autoscaling", "describe_auto_scaling_groups", {"AutoScalingGroups": [auto_scaling_group()]}),
        *(answer for answer in nothing(describe_instances=[[replacing]]) if answer[0] != "autoscaling"),
    ]

    assert ids(answers) == ["eks-gpu-1", "i-1"]


def test_an_interface_made_for_an_instance_of_the_stack_is_the_stacks() -> None:
    made_for = {"node.k8s.amazonaws.com/instance_id": "i-1", "cluster.k8s.amazonaws.com/name": "a-wrong-name"}

    assert ids(
        nothing(describe_instances=[[instance()]], describe_network_interfaces=[[interface(tags=made_for)]])
    ) == ["i-1", "eni-1"]


def test_a_chain_from_the_vpc_over_instance_and_volume_to_its_snapshot_is_followed() -> None:
    found = ids(
        nothing(
            describe_vpcs=[[vpc()]],
            describe_instances=[[instance(tags={}, VpcId="vpc-1")]],
            describe_volumes=[[volume(tags={}, Attachments=[{"InstanceId": "i-1"}])]],
            describe_snapshots=[[snapshot(tags={}, VolumeId="vol-1")]],
            describe_network_interfaces=[[interface(tags={}, Attachment={"InstanceId": "i-1"})]],
            describe_addresses=[[address(tags={}, NetworkInterfaceId="eni-1")]],
        )
    )

    assert set(found) == {"vpc-1", "i-1", "vol-1", "snap-1", "eni-1", "eipalloc-1"}


def test_a_vpc_that_is_gone_does_not_hide_what_stood_in_it() -> None:
    left = interface(tags={"cluster.k8s.amazonaws.com/name": "llm-dev"}, VpcId="vpc-gone")

    assert ids(nothing(describe_network_interfaces=[[left]])) == ["eni-1"]


def test_a_node_group_of_the_cluster_is_found_by_the_cluster_alone() -> None:
    answers = [answer for answer in nothing() if answer[0] != "eks"]
    answers += [
        ("eks", "list_clusters", {"clusters": ["llm-dev"]}),
        ("eks", "list_nodegroups", {"nodegroups": ["gpu"]}),
        ("eks", "describe_nodegroup", {"nodegroup": node_group(tags={})}),
        ("eks", "list_clusters", {"clusters": ["llm-dev"]}),
        ("eks", "describe_cluster", {"cluster": cluster(tags={})}),
    ]

    assert ids(answers) == ["llm-dev/gpu", "llm-dev"]


def test_a_thing_of_an_unknown_kind_with_the_stacks_tag_counts_as_billing() -> None:
    secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:token-AbCdEf"  # noqa: S105 - its name
    answers = [identity(), *index(tagged(secret)), *nothing()[1 + len(index()) :]]

    (leftover,) = surveyed(answers).leftovers

    assert (leftover.id, leftover.bills) == (secret, Bills.YES)


@pytest.mark.parametrize(
    "kind",
    ["ec2:instance", "ec2:capacity-block", "eks:addon", "elasticloadbalancing:listener", "ec2:subnet", "iam:role"],
)
def test_the_index_alone_says_nothing_of_what_is_listed_by_itself_or_free(kind: str) -> None:
    service, _, resource_type = kind.partition(":")
    seen = f"arn:aws:{service}:us-east-1:111122223333:{resource_type}/gone"
    answers = [identity(), *index(tagged(seen)), *nothing()[1 + len(index()) :]]

    assert ids(answers) == []


def test_a_gateway_on_the_second_page_is_found() -> None:
    assert ids(nothing(describe_nat_gateways=[[], [nat_gateway()]])) == ["nat-1"]


@pytest.mark.parametrize(
    ("operation", "gone", "code"),
    [
        ("describe_nodegroup", "llm-dev/gpu", "ResourceNotFoundException"),
        ("describe_cluster", "llm-dev", "ResourceNotFoundException"),
        ("describe_key", "1234abcd-12ab-34cd-56ef-1234567890ab", "NotFoundException"),
    ],
)
def test_what_went_between_two_calls_is_gone_and_no_failure(operation: str, gone: str, code: str) -> None:
    answers = one_of_each()
    (asked,) = [answer for answer in answers if answer[1] == operation]

    report = surveyed(answers, asked, code)

    assert report.unlisted == ()
    assert gone not in {leftover.id for leftover in report.leftovers}


def test_a_load_balancer_whose_tags_are_not_told_is_no_proof() -> None:
    answers = [
        (*answer[:2], {"TagDescriptions": []}) if answer[1] == "describe_tags" else answer for answer in one_of_each()
    ]

    assert [unlisted.listing for unlisted in surveyed(answers).unlisted] == [
        "load balancers",
        "classic load balancers",
    ]
