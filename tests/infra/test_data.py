"""The program's data: quotas, memory and versions, as the kit has them."""

import tomllib

import pytest

from infra.quotas import quota_for
from infra.releases import DATA
from infra.support import supported_versions
from tests.infra.judging import TODAY
from tests.infra.stack import ROOT, load

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.mark.parametrize(
    ("type_", "option", "code"),
    [
        ("g6e.xlarge", "on_demand", "L-DB2E81BA"),
        ("gr6.4xlarge", "reservation", "L-DB2E81BA"),
        ("p5en.48xlarge", "on_demand", "L-417A185B"),
        ("p5.48xlarge", "spot", "L-C4BD4855"),
        ("p4d.24xlarge", "spot", "L-7212CCBC"),
        ("p6-b200.48xlarge", "spot", ""),
    ],
)
def test_each_family_and_purchase_option_has_its_quota(type_: str, option: str, code: str) -> None:
    quota = quota_for(type_, option)

    assert quota is not None
    assert quota.code == code


def test_a_family_that_the_table_does_not_know_has_no_quota() -> None:
    assert quota_for("x9.large", "on_demand") is None


def test_the_quotas_are_those_of_the_kit() -> None:
    kit = tomllib.loads((ROOT / "costcheck" / "data" / "quota_codes.toml").read_text(encoding="utf-8"))

    assert tomllib.loads((DATA / "quotas.toml").read_text(encoding="utf-8")) == kit


def test_the_memory_rules_are_those_of_the_kit() -> None:
    kit = tomllib.loads((ROOT / "costcheck" / "data" / "serving_rules.toml").read_text(encoding="utf-8"))["memory"]

    ours = tomllib.loads((DATA / "memory_rules.toml").read_text(encoding="utf-8"))

    shared = ("gpu_memory_utilization", "overhead_gib_per_gpu")
    assert [ours[name]["value"] for name in shared] == [kit[name]["value"] for name in shared]


def test_the_default_kubernetes_version_is_in_support() -> None:
    assert load().cluster.kubernetes_version in supported_versions(TODAY)
