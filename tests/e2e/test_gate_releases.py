"""The gate with the real helm: the repository's own chart as a recorded plan has it, and charts that would cost."""

import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from costcheck.gate.pricing import price_resource
from costcheck.gate.releases import BY_API, BY_VALUE, BY_WORLD, HIDDEN, RELEASE, render_releases
from costcheck.gate.result import Status
from costcheck.gate.view import Side
from costcheck.plan.preview import read_preview
from costcheck.plan.records import UNKNOWN, Plan
from costcheck.sources.helm import Release, render
from localcloud.paths import Home
from localcloud.toolchain.locate import tool
from tests.costcheck.gate import plans
from tests.costcheck.gate.test_releases import near

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]
PLAN = ROOT / "tests" / "data" / "plans" / "add_pools.json"
CLAIM = """
{{- if .Values.persistent }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: {{ .Values.name | default "data" | quote }}}
spec: {storageClassName: fast, resources: {requests: {storage: 50Gi}}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: ebs.csi.aws.com
{{- end }}
"""
POOL = """
{{- if .Capabilities.APIVersions.Has "karpenter.sh/v1/NodePool" }}
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: gpu}
spec: {template: {spec: {requirements: []}}}
{{- end }}
"""


@pytest.fixture(autouse=True)
def _helm_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    program = tool("helm", cache_root=Home.from_environment(os.environ).tools, environ=os.environ)
    monkeypatch.setenv("PATH", str(program.parent))


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder of a Pulumi program beside a chart."""
    templates = tmp_path / "charts" / "shop" / "templates"
    templates.mkdir(parents=True)
    (templates.parent / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 1.0.0\n")
    (templates / "claim.yaml").write_text(CLAIM)
    (tmp_path / "infra").mkdir()
    return tmp_path / "infra"


def added(**values: object) -> Plan:
    inputs = {"chart": "../charts/shop", "name": "shop", "namespace": "web", "values": values}
    return near(plans.read(plans.preview(plans.create(RELEASE, "shop", inputs))))


def outcome(plan: Plan, program: Path) -> Any:  # noqa: ANN401 - what the release holds, or the reason
    (found,) = render_releases(plan, {}, program).after.values()
    return found


def test_the_model_server_of_the_recorded_plan_is_free_beside_its_nodes() -> None:
    plan = read_preview(PLAN.read_bytes())
    found = render_releases(plan, {}, ROOT / "infra")
    (release,) = [resource for resource in plan.after if resource.token == RELEASE]
    objects = found.after[release.urn]
    assert not isinstance(objects, str), objects
    names = [f"{one.token.rpartition(':')[2]}/{one.name}" for one in objects]
    recorded = release.inputs["resourceNames"]
    assert sorted(names) == sorted(
        f"{kind.partition('/')[0]}/{name.rpartition('/')[2]}" for kind, told in recorded.items() for name in told
    )
    priced = price_resource(release, Side(plan.after, {}, found.after), plans.book())
    assert priced.status is Status.FREE


def hidden(*path: str) -> Plan:
    """Return the recorded plan with one value of the model server not known yet."""
    document = json.loads(PLAN.read_bytes())
    for step in document["steps"]:
        if step["newState"]["type"] == RELEASE:
            values = step["newState"]["inputs"]["values"]
            for key in path[:-1]:
                values = values[key]
            values[path[-1]] = UNKNOWN
    return read_preview(json.dumps(document).encode())


def test_the_model_server_renders_with_a_name_not_known_yet() -> None:
    assert isinstance(outcome(hidden("serviceAccount", "name"), ROOT / "infra"), tuple)


def test_a_stand_in_that_the_chart_holds_against_other_values_is_the_reason() -> None:
    found = outcome(hidden("model", "source", "s3Uri"), ROOT / "infra")
    assert found.startswith(f"{HIDDEN}: helm cannot render its chart")
    assert "the pinned revision" in found


def test_a_claim_in_a_chart_is_priced(program: Path) -> None:
    plan = added(persistent=True)
    found = render_releases(plan, {}, program)
    priced = price_resource(plan.after[0], Side(plan.after, {}, found.after), plans.book())
    assert priced.cost is not None
    assert priced.cost.desired_usd == 4


def test_an_unknown_name_is_no_matter_and_an_unknown_switch_is(program: Path) -> None:
    assert isinstance(outcome(added(persistent=True, name=UNKNOWN), program), tuple)
    assert outcome(added(persistent=UNKNOWN), program) == BY_VALUE


def test_an_unknown_value_that_the_chart_compares_with_a_word_is_not_overlooked(program: Path) -> None:
    claim = program.parent / "charts" / "shop" / "templates" / "claim.yaml"
    claim.write_text(CLAIM.replace(".Values.persistent", 'eq .Values.stage "production"'))
    assert isinstance(outcome(added(stage="test"), program), tuple)
    assert outcome(added(stage=UNKNOWN), program) == BY_VALUE


def test_a_node_pool_behind_an_api_of_the_cluster_is_not_overlooked(program: Path) -> None:
    (program.parent / "charts" / "shop" / "templates" / "pool.yaml").write_text(POOL)
    assert outcome(added(), program) == BY_API


def pool_behind(program: Path, condition: str) -> Path:
    """Put a node pool behind a condition into the chart, and return its file."""
    pool = program.parent / "charts" / "shop" / "templates" / "pool.yaml"
    pool.write_text(POOL.replace('.Capabilities.APIVersions.Has "karpenter.sh/v1/NodePool"', condition))
    return pool


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ('lookup "v1" "Namespace" "" "kube-system"', "uses lookup"),
        ('gt (now | date "2006" | int) 2026', "uses date"),
        ("gt (int (randNumeric 3)) 500", "uses randNumeric"),
        ("gt (int .Release.Revision) 1", "uses Revision"),
        ('.Capabilities.APIVersions.Has "monitoring.coreos.com/v1"', BY_API),
        (".Release.IsUpgrade", BY_WORLD),
        ('semverCompare ">=1.90-0" .Capabilities.KubeVersion.Version', BY_WORLD),
        ('contains "eks" .Capabilities.KubeVersion.Version', "the build of Kubernetes"),
    ],
)
def test_a_node_pool_that_another_world_would_bring_is_not_overlooked(
    program: Path, condition: str, said: str
) -> None:
    pool_behind(program, condition)
    assert said in outcome(added(), program)


@pytest.mark.parametrize(
    "condition",
    [
        "and (gt (int .Values.flag) 10) (lt (int .Values.flag) 20)",
        'eq .Values.flag (printf "%s" "yes-please")',
        "eq .Values.flag .Values.word",
        "eq .Values.flag .Release.Name",
        'eq (.Values.flag | sha256sum | trunc 4) "ab12"',
        'regexMatch "^yes+$" .Values.flag',
    ],
)
def test_a_node_pool_behind_a_hidden_value_is_not_overlooked(program: Path, condition: str) -> None:
    pool_behind(program, condition)
    assert isinstance(outcome(added(flag=UNKNOWN, word="hello"), program), str)


def test_a_hidden_value_is_compared_with_words_in_a_packed_chart_too(program: Path) -> None:
    pool_behind(program, 'eq .Values.flag "yes-please"')
    shop = program.parent / "charts" / "shop"
    with tarfile.open(shop.with_suffix(".tgz"), "w:gz") as archive:
        archive.add(shop, "shop")
    inputs = {"chart": "../charts/shop.tgz", "name": "shop", "values": {"flag": UNKNOWN}}
    assert outcome(plans.read(plans.preview(plans.create(RELEASE, "shop", inputs))), program) == BY_VALUE


def test_a_node_pool_among_the_definitions_of_a_chart_is_not_overlooked(program: Path) -> None:
    pool = pool_behind(program, "true")
    crds = program.parent / "charts" / "shop" / "crds"
    crds.mkdir()
    pool.rename(crds / "pool.yaml").write_text(POOL.partition("}}")[2].rpartition("{{")[0])
    assert [one.name for one in outcome(added(), program)] == ["gpu"]


def test_the_model_server_is_told_where_keda_scales_it() -> None:
    document = json.loads(PLAN.read_bytes())
    for step in document["steps"]:
        if step["newState"]["type"] == RELEASE:
            step["newState"]["inputs"]["values"]["autoscaling"]["keda"] |= {
                "enabled": True,
                "prometheusUrl": "http://prometheus.monitoring:9090",
            }
    found = outcome(read_preview(json.dumps(document).encode()), ROOT / "infra")
    assert "ScaledObject" in [one.token.rpartition(":")[2] for one in found]


@pytest.mark.parametrize(
    ("release", "said"),
    [
        (Release(name="shop", namespace="", chart="web", repository="https://127.0.0.1:1"), "connection refused"),
        (Release(name="shop", namespace="", chart="oci://127.0.0.1:1/web"), "connection refused"),
        (Release(name="--help", namespace="", chart="../charts/shop"), 'release name "--help"'),
        (Release(name="shop", namespace="", chart="../charts/shop", kubernetes_version="x"), "invalid kube version"),
    ],
)
def test_what_helm_cannot_render_is_its_own_reason(program: Path, release: Release, said: str) -> None:
    found = render(release, program)
    assert isinstance(found, str)
    assert said in found
