"""Third-party charts: pinned, in order, and only those that are switched on."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from infra.errors import ConfigError
from infra.platform_charts import (
    CONTROLLER_POLICY,
    LOAD_BALANCER_CONTROLLER,
    PROMETHEUS_URL,
    Platform,
    choose_releases,
)
from infra.releases import load_platform_releases
from tests.infra.builders import platform_args
from tests.infra.conftest import PretendCloud

RELEASE, NAMESPACE = "kubernetes:helm.sh/v3:Release", "kubernetes:core/v1:Namespace"
KNOWN = load_platform_releases()
ALL = ["devicePlugin", "prometheus", "dcgmExporter", "keda"]


def test_only_what_is_switched_on_is_installed(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Platform("platform", platform_args(enabled=["keda"])))
    assert [release.inputs["chart"] for release in cloud.of(RELEASE)] == ["keda"]


def test_nothing_is_installed_where_everything_is_off(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Platform("platform", platform_args(enabled=[])))
    assert cloud.of(RELEASE) == cloud.of(NAMESPACE) == []


def test_each_chart_comes_pinned_from_its_own_repository(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Platform("platform", platform_args(enabled=ALL)))
    for release in cloud.of(RELEASE):
        known = next(item for item in KNOWN.values() if item.chart == release.inputs["chart"])
        assert release.inputs["version"] == known.version
        assert release.inputs["repositoryOpts"] == {"repo": known.repository}


def test_each_chart_is_taken_back_when_it_fails(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Platform("platform", platform_args(enabled=ALL)))
    assert [release.inputs["atomic"] for release in cloud.of(RELEASE)] == [True] * len(ALL)


def test_prometheus_comes_before_what_uses_its_kinds(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Platform("platform", platform_args(enabled=["dcgmExporter", "prometheus"])))
    charts = [release.inputs["chart"] for release in cloud.of(RELEASE)]
    assert charts == ["kube-prometheus-stack", "dcgm-exporter"]


@pytest.mark.parametrize("prometheus", [True, False])
def test_gpu_metrics_are_monitored_only_where_prometheus_knows_the_kind(
    cloud: PretendCloud, *, prometheus: bool
) -> None:
    enabled = ["dcgmExporter", "prometheus"] if prometheus else ["dcgmExporter"]
    cloud.deploy(lambda: Platform("platform", platform_args(enabled=enabled)))
    values = cloud.one(RELEASE, "platform-dcgm-exporter").inputs["values"]
    assert values["serviceMonitor"] == {"enabled": prometheus}


def test_metrics_have_an_address_only_where_prometheus_runs(cloud: PretendCloud) -> None:
    seen: list[str | None] = []

    def program() -> None:
        seen.append(Platform("with", platform_args(enabled=["prometheus"])).prometheus_url)
        seen.append(Platform("without", platform_args(enabled=[])).prometheus_url)

    cloud.deploy(program)
    assert seen == [PROMETHEUS_URL, None]


def test_the_device_plugin_runs_only_where_the_image_has_none(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Platform("platform", platform_args(enabled=["devicePlugin"])))
    values = cloud.one(RELEASE).inputs["values"]
    assert values["nodeSelector"] == {"worthwhile.dev/operating-system": "al2023"}


def test_gpu_metrics_run_on_gpu_nodes(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Platform("platform", platform_args(enabled=["dcgmExporter"])))
    values = cloud.one(RELEASE).inputs["values"]
    assert values["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert values["tolerations"][0]["key"] == "nvidia.com/gpu"


def test_every_namespace_enforces_a_pod_security_level(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Platform("platform", platform_args(enabled=ALL)))
    levels = [item.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] for item in cloud.of(NAMESPACE)]
    assert set(levels) <= {"privileged", "restricted"}
    assert len(levels) == len(ALL)


def test_an_unknown_chart_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"platform\.grafana"):
        choose_releases(["grafana"], KNOWN, CONTROLLER_POLICY)


def test_a_chart_that_nobody_has_looked_up_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"platform\.keda"):
        choose_releases(["keda"], {"keda": replace(KNOWN["keda"], version="")}, CONTROLLER_POLICY)


def test_the_load_balancer_controller_is_refused_without_its_own_permissions(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"iam_policy\.json at v"):
        choose_releases([LOAD_BALANCER_CONTROLLER], KNOWN, tmp_path / "missing.json")


def test_with_its_permissions_the_load_balancer_controller_knows_its_cluster(
    cloud: PretendCloud, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text('{"Version": "2012-10-17", "Statement": []}')
    args = platform_args(enabled=[LOAD_BALANCER_CONTROLLER], controller_policy=policy)
    cloud.deploy(lambda: Platform("platform", args))
    values = cloud.one(RELEASE).inputs["values"]
    assert (values["clusterName"], values["region"], values["vpcId"]) == ("worthwhile-test", "us-east-1", "vpc-1")
    association = cloud.one("aws:eks/podIdentityAssociation:PodIdentityAssociation").inputs
    assert association["serviceAccount"] == values["serviceAccount"]["name"]


@pytest.mark.parametrize("release", KNOWN.values(), ids=KNOWN)
def test_each_version_says_where_and_when_it_was_read(release: object) -> None:
    known = next(item for item in KNOWN.values() if item is release)
    assert known.version
    assert known.source_url.startswith("https://")
    assert known.checked <= date.today()  # noqa: DTZ011 - a day, as written in the file
