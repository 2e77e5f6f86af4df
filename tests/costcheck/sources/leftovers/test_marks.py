"""Which tags make a thing the stack's, and which only say that some cluster made it."""

import pytest

from costcheck.sources.leftovers.marks import Marks, leftover_rules

MARKS = Marks(stack="dev", cluster="llm-dev")


@pytest.mark.parametrize(
    "tags",
    [
        {"ebs.csi.aws.com/cluster": "true"},
        {"kubernetes.io/created-for/pvc/name": "weights"},
        {"node.k8s.amazonaws.com/instance_id": "i-1"},
        {"karpenter.sh/nodepool": "gpu"},
    ],
)
def test_a_thing_of_some_cluster_counts_until_a_tag_names_another(tags: dict[str, str]) -> None:
    assert "no tag says of which cluster" in MARKS.reason(tags)
    assert MARKS.reason(tags | {"kubernetes.io/cluster/other": "owned"}) == ""
    assert MARKS.reason(tags | {"eks:eks-cluster-name": "other"}) == ""


def test_a_tag_of_the_stack_wins_over_one_of_another_cluster() -> None:
    tags = {"worthwhile:stack": "dev", "kubernetes.io/cluster/other": "owned", "ebs.csi.aws.com/cluster": "true"}

    assert MARKS.reason(tags).startswith("tag worthwhile:stack=dev ")


@pytest.mark.parametrize("tags", [{}, {"worthwhile:stack": ""}, {"worthwhile:stack": "dev2"}, {"Name": "llm-dev"}])
def test_any_other_tag_says_nothing(tags: dict[str, str]) -> None:
    assert MARKS.reason(tags) == ""


def test_the_index_is_asked_for_every_tag_that_names_the_stack_or_its_cluster() -> None:
    filters = MARKS.tag_filters()

    assert ("worthwhile:stack", "dev") in filters
    assert ("kubernetes.io/cluster/llm-dev", "owned") in filters
    assert len(filters) == sum(mark.names_cluster for mark in leftover_rules().mark)


def test_a_mark_that_names_no_cluster_is_never_asked_of_the_index() -> None:
    assert not [key for key, _ in MARKS.tag_filters() if key == "karpenter.sh/nodepool"]


def test_beside_an_existing_cluster_only_the_stacks_own_tag_counts() -> None:
    beside = Marks(stack="dev", cluster=None)

    assert beside.tag_filters() == (("worthwhile:stack", "dev"),)
    assert beside.reason({"worthwhile:stack": "dev"})
    for tags in ({"kubernetes.io/cluster/": "owned"}, {"ebs.csi.aws.com/cluster": "true"}, {"eks:cluster-name": ""}):
        assert beside.reason(tags) == ""
    assert beside.log_group_reason("/aws/eks//cluster") == ""
    assert beside.interface_reason("Amazon EKS ") == ""
