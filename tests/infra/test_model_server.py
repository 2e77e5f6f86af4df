"""Model servers: what the chart is told, and what its pods may do."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pulumi.runtime.rpc import _special_secret_sig, _special_sig_key

from infra.chart import CHART_FOLDER, chart_digest
from infra.model_server import ModelServer, Placement, Scaling
from infra.model_store import ModelStore
from tests.infra.builders import DUMMY_DIGEST, REVISION, server_args, store_args
from tests.infra.conftest import PretendCloud

RELEASE, NAMESPACE = "kubernetes:helm.sh/v3:Release", "kubernetes:core/v1:Namespace"
ON_CPU = Placement(
    pool=None,
    gpus=0,
    zones=1,
    spare_node=True,
    cpu=2,
    memory_mib=4096,
    shared_memory_mib=1024,
    scratch_mib=1024,
)


def release(cloud: PretendCloud, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of the record
    def program() -> None:
        ModelServer("qwen", server_args(ModelStore("models", store_args()), **changes))

    cloud.outputs["aws:s3/bucket:Bucket"] = {"bucket": "models-1a2b3c"}
    cloud.deploy(program)
    return dict(cloud.one(RELEASE).inputs)


def test_the_namespace_takes_restricted_pods_only(cloud: PretendCloud) -> None:
    release(cloud)
    metadata = cloud.one(NAMESPACE).inputs["metadata"]
    assert metadata["name"] == "model-qwen"
    assert metadata["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_release_that_fails_is_taken_back(cloud: PretendCloud) -> None:
    inputs = release(cloud, timeout_seconds=900)
    assert (inputs["atomic"], inputs["cleanupOnFail"], inputs["timeout"]) == (True, True, 900)


def test_a_server_whose_nodes_come_later_is_not_waited_for(cloud: PretendCloud) -> None:
    inputs = release(cloud, wait=False)
    assert (inputs["atomic"], inputs["skipAwait"]) == (False, True)


def test_the_release_is_ours_in_our_namespace(cloud: PretendCloud) -> None:
    inputs = release(cloud)
    assert (inputs["name"], inputs["namespace"], inputs["chart"]) == ("qwen", "model-qwen", "../charts/model-server")


def test_weights_come_from_the_store_at_their_pinned_revision(cloud: PretendCloud) -> None:
    model = release(cloud)["values"]["model"]
    assert model["source"] == {"s3Uri": f"s3://models-1a2b3c/qwen3-8b/{REVISION}"}
    assert (model["revision"], model["checksums"], model["sizeGiB"]) == (REVISION, DUMMY_DIGEST, 16)


def test_the_engine_gets_the_settings_that_the_sizing_rests_on(cloud: PretendCloud) -> None:
    assert release(cloud)["values"]["server"] == {
        "quantization": "fp8",
        "tensorParallel": 1,
        "maxModelLen": 8192,
        "prefixCaching": True,
        "extraArgs": [],
    }


def test_pods_run_on_their_pool_and_tolerate_its_taint(cloud: PretendCloud) -> None:
    values = release(cloud)["values"]
    assert values["nodeSelector"] == {"worthwhile.dev/pool": "g6"}
    assert values["tolerations"][0]["key"] == "nvidia.com/gpu"
    assert values["gpu"] == {"count": 1}


def test_a_server_on_the_cpu_tolerates_no_gpu_node(cloud: PretendCloud) -> None:
    values = release(cloud, placement=ON_CPU)["values"]
    assert (values["tolerations"], values["nodeSelector"]) == ([], {})


def test_without_prometheus_the_number_of_replicas_stands_still(cloud: PretendCloud) -> None:
    values = release(cloud)["values"]
    assert values["replicas"] == {"min": 2, "max": 4}
    assert values["autoscaling"]["keda"]["enabled"] is False


def test_with_prometheus_keda_scales_on_its_metrics(cloud: PretendCloud) -> None:
    scaling = Scaling(minimum=1, maximum=4, prometheus_url="http://prometheus:9090", requests_per_replica=8)
    keda = release(cloud, scaling=scaling)["values"]["autoscaling"]["keda"]
    assert keda == {"enabled": True, "prometheusUrl": "http://prometheus:9090", "requestsPerReplica": 8}


def test_a_full_pool_makes_room_before_it_starts_a_pod(cloud: PretendCloud) -> None:
    placement = replace(server_args_placement(), spare_node=False)
    assert release(cloud, placement=placement)["values"]["rollout"] == {"surge": False}


def test_images_without_a_digest_are_left_to_the_charts_pins(cloud: PretendCloud) -> None:
    values = release(cloud, image_digests={"proxy": DUMMY_DIGEST})["values"]
    assert values["proxy"] == {"image": {"digest": DUMMY_DIGEST}}
    assert not {"image", "downloader"} & set(values)


def test_the_api_key_is_a_secret_and_never_a_value(cloud: PretendCloud) -> None:
    inputs = release(cloud)
    sent = cloud.one("kubernetes:core/v1:Secret").inputs["stringData"]
    assert sent[_special_sig_key] == _special_secret_sig
    assert sent["value"] == {"api-key": "a-key"}
    assert inputs["values"]["apiKeySecret"] == {"name": "qwen-api-key", "key": "api-key"}
    assert "a-key" not in json.dumps(inputs)


def test_pods_get_their_role_by_their_service_account_alone(cloud: PretendCloud) -> None:
    values = release(cloud)["values"]
    association = cloud.one("aws:eks/podIdentityAssociation:PodIdentityAssociation").inputs
    assert (association["namespace"], association["serviceAccount"]) == ("model-qwen", "qwen")
    assert values["serviceAccount"] == {"name": "qwen"}
    policy = json.loads(cloud.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]
    assert policy[0]["Resource"][0].endswith(f"/qwen3-8b/{REVISION}/*")
    role = cloud.one("aws:iam/role:Role").inputs
    trust = json.loads(role["assumeRolePolicy"])["Statement"][0]
    assert trust["Condition"]["ArnLike"]["aws:SourceArn"].endswith(":cluster/worthwhile-test")


def test_each_server_has_a_role_of_its_own(cloud: PretendCloud) -> None:
    def program() -> None:
        store = ModelStore("models", store_args())
        for name in ("one", "two"):
            ModelServer(name, server_args(store))

    cloud.deploy(program)
    associations = cloud.of("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert len({association.inputs["roleArn"] for association in associations}) == 2


def test_permissions_are_there_before_the_first_pod(cloud: PretendCloud) -> None:
    release(cloud)
    order = [resource.token for resource in cloud.resources]
    allowed, last = order.index("aws:iam/rolePolicy:RolePolicy"), order.index(RELEASE)
    assert allowed < order.index("aws:eks/podIdentityAssociation:PodIdentityAssociation") < last
    assert order.index("aws:s3/bucketPolicy:BucketPolicy") < last


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"placement": ON_CPU},
        {"scaling": Scaling(minimum=1, maximum=2, prometheus_url="http://prometheus:9090")},
        {"service_monitor": True, "image_digests": {}},
    ],
)
def test_the_chart_accepts_what_it_is_told(cloud: PretendCloud, changes: dict[str, Any]) -> None:
    schema = json.loads((CHART_FOLDER / "values.schema.json").read_text())
    jsonschema.validate(release(cloud, **changes)["values"], schema)


def test_a_changed_template_changes_the_release(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    file = tmp_path / "templates" / "deployment.yaml"
    file.write_text("kind: Deployment\n")
    before = chart_digest(tmp_path)
    assert chart_digest(tmp_path) == before
    file.write_text("kind: StatefulSe\n")  # as long as before
    after = chart_digest(tmp_path)
    file.rename(file.with_name("other.yaml"))
    assert len({before, after, chart_digest(tmp_path)}) == 3


def test_the_description_names_checkpoint_revision_and_the_charts_digest(cloud: PretendCloud) -> None:
    assert release(cloud)["description"] == f"Qwen/Qwen3-8B at {REVISION}, chart {chart_digest()}"


def server_args_placement() -> Placement:
    return Placement(
        pool="g6",
        gpus=1,
        zones=2,
        spare_node=True,
        cpu=3,
        memory_mib=12288,
        shared_memory_mib=1024,
        scratch_mib=20480,
    )
