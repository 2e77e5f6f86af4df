"""What of each kind bills, what is gone, and the command that removes the rest."""

from datetime import UTC, datetime
from typing import Any

import pytest

from costcheck.errors import SourcePayloadError
from costcheck.sources.leftovers.budgets import normalise_budget
from costcheck.sources.leftovers.calls import normalised, resource
from costcheck.sources.leftovers.clusters import normalise_auto_scaling_group, normalise_cluster, normalise_node_group
from costcheck.sources.leftovers.machines import (
    normalise_capacity_reservation,
    normalise_instance,
    normalise_volume,
)
from costcheck.sources.leftovers.networks import (
    normalise_address,
    normalise_endpoint,
    normalise_interface,
    normalise_nat_gateway,
)
from costcheck.sources.leftovers.stores import Contents, normalise_bucket, normalise_key, normalise_log_group
from costcheck.sources.leftovers.things import Bills, Thing
from tests.costcheck.sources.leftovers.builders import (
    MARKS,
    REGION,
    STACK_TAGS,
    address,
    auto_scaling_group,
    budget,
    cluster,
    endpoint,
    instance,
    interface,
    key,
    log_group,
    nat_gateway,
    node_group,
    one_of_each,
    reservation,
    surveyed,
    volume,
)

EMPTY = Contents(versions=0, size_bytes=0, delete_markers=0, uploads=0)


def there(thing: Thing | None) -> Thing:
    assert thing is not None
    return thing


@pytest.mark.parametrize(
    ("state", "bills"),
    [
        ("pending", Bills.YES),
        ("running", Bills.YES),
        ("stopping", Bills.NO),
        ("stopped", Bills.NO),
        ("shutting-down", Bills.NO),
    ],
)
def test_an_instance_bills_while_it_runs_and_is_listed_until_it_is_terminated(state: str, bills: Bills) -> None:
    assert there(normalise_instance(instance(state=state), REGION)).bills is bills


@pytest.mark.parametrize(
    "gone",
    [
        normalise_instance(instance(state="terminated"), REGION),
        normalise_volume(volume(state="deleting"), REGION),
        normalise_nat_gateway(nat_gateway(state="deleted"), REGION),
        normalise_endpoint(endpoint(State="deleted"), REGION),
        normalise_capacity_reservation(reservation(state="expired"), REGION),
        normalise_capacity_reservation(reservation(state="cancelled"), REGION),
    ],
)
def test_what_is_gone_is_not_listed(gone: Thing | None) -> None:
    assert gone is None


def test_a_nat_gateway_that_failed_does_not_bill() -> None:
    assert there(normalise_nat_gateway(nat_gateway(state="failed"), REGION)).bills is Bills.NO
    assert there(normalise_nat_gateway(nat_gateway(state="deleting"), REGION)).bills is Bills.YES


def test_an_instance_in_a_capacity_block_is_paid_for_already() -> None:
    row = instance(InstanceLifecycle="capacity-block")

    assert there(normalise_instance(row, REGION)).bills is Bills.PREPAID


def test_a_capacity_block_is_prepaid_cannot_be_cancelled_and_says_its_end() -> None:
    row = reservation(ReservationType="capacity-block", EndDate=datetime(2026, 12, 3, tzinfo=UTC))

    block = there(normalise_capacity_reservation(row, REGION))

    assert (block.bills, block.remove) == (Bills.PREPAID, "")
    assert block.note == "paid in advance, cannot be cancelled; ends on 2026-12-03"


def test_any_other_reservation_bills_used_or_not() -> None:
    held = there(normalise_capacity_reservation(reservation(), REGION))

    assert held.bills is Bills.YES
    assert held.remove.startswith("aws ec2 cancel-capacity-reservation --capacity-reservation-id cr-1 ")


@pytest.mark.parametrize(
    ("kind", "bills"), [("Gateway", Bills.NO), ("Interface", Bills.YES), ("GatewayLoadBalancer", Bills.YES)]
)
def test_only_gateway_endpoints_are_free(kind: str, bills: Bills) -> None:
    assert there(normalise_endpoint(endpoint(kind=kind), REGION)).bills is bills


@pytest.mark.parametrize(("pool", "bills"), [("amazon", Bills.YES), ("ipv4pool-ec2-1", Bills.NO)])
def test_an_elastic_ip_bills_unless_the_account_brought_it(pool: str, bills: Bills) -> None:
    assert normalise_address(address(PublicIpv4Pool=pool), REGION).bills is bills


@pytest.mark.parametrize(
    ("association", "bills"),
    [
        ({}, Bills.NO),
        ({"PublicIp": "203.0.113.9", "IpOwnerId": "amazon"}, Bills.YES),
        ({"PublicIp": "203.0.113.9", "AllocationId": "eipalloc-1"}, Bills.NO),
    ],
)
def test_an_interface_bills_for_a_public_address_that_is_no_elastic_ip(
    association: dict[str, str], bills: Bills
) -> None:
    assert normalise_interface(interface(Association=association), REGION, MARKS).bills is bills


def test_an_attached_interface_is_detached_first() -> None:
    row = interface(Attachment={"AttachmentId": "eni-attach-1", "InstanceId": "i-1"}, Status="in-use")

    steps = normalise_interface(row, REGION, MARKS).remove.split(" && ")

    assert [step.split()[2] for step in steps] == ["detach-network-interface", "wait", "delete-network-interface"]


def test_an_interface_that_aws_manages_has_no_command_and_says_whose_it_is() -> None:
    made = normalise_interface(interface(RequesterManaged=True, Description="ELB net/k8s-llm/1"), REGION, MARKS)

    assert made.remove == ""
    assert "ELB net/k8s-llm/1" in made.note


@pytest.mark.parametrize(
    ("description", "ours"), [("Amazon EKS llm-dev", True), ("Amazon EKS llm-dev2", False), ("", False)]
)
def test_the_control_planes_interface_is_known_by_its_description(description: str, ours: bool) -> None:  # noqa: FBT001
    assert bool(normalise_interface(interface(Description=description), REGION, MARKS).named) is ours


@pytest.mark.parametrize(("desired", "bills"), [(0, Bills.NO), (1, Bills.YES)])
def test_groups_bill_where_they_keep_instances(desired: int, bills: Bills) -> None:
    assert normalise_auto_scaling_group(auto_scaling_group(desired=desired), REGION).bills is bills
    assert normalise_node_group(node_group(desired=desired), REGION, "llm-dev").bills is bills


@pytest.mark.parametrize("status", ["CREATING", "ACTIVE", "DELETING", "FAILED"])
def test_a_cluster_bills_in_every_state(status: str) -> None:
    assert normalise_cluster(cluster(status=status), REGION, "llm-dev").bills is Bills.YES


@pytest.mark.parametrize(("stored", "bills"), [(0, Bills.NO), (1, Bills.YES)])
def test_a_log_group_bills_for_what_it_stores(stored: int, bills: Bills) -> None:
    assert normalise_log_group(log_group(stored=stored), REGION, MARKS, {}).bills is bills


def test_a_log_group_that_aws_has_not_counted_is_not_taken_for_empty() -> None:
    row = log_group()
    del row["storedBytes"]

    group = normalise_log_group(row, REGION, MARKS, {})

    assert (group.bills, group.what) == (Bills.YES, "log group, not yet counted by AWS")


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("/aws/eks/llm-dev/cluster", True),
        ("/aws/eks/llm-dev2/cluster", False),
        ("/aws/containerinsights/llm-dev/performance", True),
        ("/aws/lambda/llm-dev", False),
    ],
)
def test_a_log_group_is_known_by_its_name_to_the_last_letter(name: str, ours: bool) -> None:  # noqa: FBT001
    group = normalise_log_group(log_group(name), REGION, MARKS, {})

    assert bool(group.named) is ours
    assert ("comes back" in group.note) is ours


def test_a_log_group_says_the_day_on_which_it_was_made() -> None:
    made = normalise_log_group(log_group(), REGION, MARKS, {})

    assert made.since == datetime(2025, 11, 20, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("contents", "bills"),
    [
        (EMPTY, Bills.NO),
        (Contents(versions=1, size_bytes=5, delete_markers=0, uploads=0), Bills.YES),
        (Contents(versions=0, size_bytes=0, delete_markers=1, uploads=0), Bills.YES),
        (Contents(versions=0, size_bytes=0, delete_markers=0, uploads=1), Bills.YES),
    ],
)
def test_a_bucket_bills_for_old_versions_markers_and_unfinished_uploads(contents: Contents, bills: Bills) -> None:
    assert normalise_bucket({"Name": "weights"}, REGION, STACK_TAGS, contents).bills is bills


@pytest.mark.parametrize("state", ["Enabled", "Disabled", "PendingImport", "Unavailable"])
def test_a_key_bills_until_its_deletion_is_scheduled(state: str) -> None:
    kept = normalise_key(key(state), REGION, STACK_TAGS)

    assert kept.bills is Bills.YES
    assert kept.remove.startswith("aws kms schedule-key-deletion ")


def test_a_key_that_waits_for_its_deletion_says_the_day() -> None:
    row = key("PendingDeletion", DeletionDate=datetime(2026, 12, 3, 1, tzinfo=UTC))

    ending = normalise_key(row, REGION, STACK_TAGS)

    assert (ending.bills, ending.remove, ending.note) == (Bills.NO, "", "ends on 2026-12-03")


@pytest.mark.parametrize(
    ("acting", "bills"),
    [
        (set[str](), Bills.NO),
        ({"dev-ceiling", "second"}, Bills.NO),
        ({"dev-ceiling", "second", "third"}, Bills.YES),
        ({"first", "second", "third"}, Bills.NO),
    ],
)
def test_a_budget_bills_with_actions_and_from_the_third_such_budget_on(acting: set[str], bills: Bills) -> None:
    assert normalise_budget(budget(), "111122223333", REGION, STACK_TAGS, acting).bills is bills


def test_a_name_with_a_blank_is_quoted_for_the_shell() -> None:
    assert "--budget-name 'my budget'" in normalise_budget(budget("my budget"), "1", REGION, {}, ()).remove


def test_a_row_without_what_aws_always_says_is_refused() -> None:
    row: dict[str, Any] = instance()
    del row["InstanceId"]

    with pytest.raises(SourcePayloadError, match="InstanceId"):
        normalised([row], lambda found: normalise_instance(found, REGION))


@pytest.mark.parametrize(
    ("arn", "kind", "name"),
    [
        ("arn:aws:ec2:us-east-1:1:instance/i-1", "ec2:instance", "i-1"),
        ("arn:aws:s3:::weights", "s3", "weights"),
        ("arn:aws:logs:us-east-1:1:log-group:/aws/eks/x/cluster", "logs:log-group", "/aws/eks/x/cluster"),
        ("arn:aws-cn:kms:cn-north-1:1:key/2", "kms:key", "2"),
        ("arn:aws:sqs:us-east-1:1:queue", "sqs", "queue"),
        (
            "arn:aws:autoscaling:us-east-1:1:autoScalingGroup:u:autoScalingGroupName/n",
            "autoscaling:autoScalingGroup",
            "u:autoScalingGroupName/n",
        ),
    ],
)
def test_an_arn_says_its_kind_and_name(arn: str, kind: str, name: str) -> None:
    assert resource(arn) == (kind, name)


def test_every_leftover_has_a_command_or_says_why_there_is_none() -> None:
    assert all(leftover.remove or leftover.note for leftover in surveyed(one_of_each()).leftovers)
