"""What every profile of the chart renders to; `make test` reads the goldens, `make e2e` renders them again."""

import functools
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.charts.conftest import CHART, GOLDENS, ROOT

import chart_scan.server_rules as rules  # isort: skip - from scripts/, which conftest.py makes importable
from chart_scan.rendered import Resource, load_rendered  # isort: skip
import build_chart_readme  # isort: skip
import render_charts  # isort: skip
import scan_charts  # isort: skip

Json = Any
PROFILES = sorted(path.stem for path in GOLDENS.glob("*.yaml"))
FLAGS = {line for line in (ROOT / "tests/data/vllm/flags-0.32.0.txt").read_text().splitlines() if line[0] == "-"}
# Every path of vLLM 0.32.0 but the four that are let through: read from the routers of its package on 2026-11-26.
OTHER_PATHS = (ROOT / "tests/data/vllm/paths-0.32.0.txt").read_text().split()
ALLOWED = {8080: ["/v1/chat/completions", "/v1/completions", "/v1/models", "/health"], 8081: ["/metrics"]}


@functools.cache
def rendered(profile: str) -> list[Resource]:
    return load_rendered(GOLDENS / f"{profile}.yaml")


def objects(profile: str, kind: str) -> list[Json]:
    return [found.body for found in rendered(profile) if found.kind == kind]


def pod(profile: str) -> Json:
    (deployment,) = objects(profile, "Deployment")
    return deployment["spec"]["template"]["spec"]


def containers(profile: str) -> list[Json]:
    return [*pod(profile)["initContainers"], *pod(profile)["containers"]]


def test_each_profile_of_the_chart_has_a_golden_and_each_golden_a_profile() -> None:
    assert (
        list(render_charts.PROFILES) == PROFILES == ["default", "existing-claim", "full", "local", "tensor-parallel"]
    )


def test_every_scanner_is_content_with_every_profile() -> None:
    assert scan_charts.wrong([GOLDENS / f"{profile}.yaml" for profile in PROFILES], kube_score_program=None) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_every_rendered_flag_exists_in_the_pinned_vllm(profile: str) -> None:
    (server,) = pod(profile)["containers"]
    flags = rules.flag_values(server["args"])
    assert set(flags) - FLAGS == set()
    assert len(flags) > 8


def test_every_flag_that_the_chart_owns_exists_in_the_pinned_vllm() -> None:
    owned = [line.split()[0] for line in (CHART / "files/owned-flags.txt").read_text().splitlines()[1:]]
    assert set(owned) - FLAGS == set()
    assert owned


def test_every_flag_that_the_chart_renders_is_owned_so_that_it_cannot_be_given_twice() -> None:
    owned = {line.split()[0] for line in (CHART / "files/owned-flags.txt").read_text().splitlines()[1:]}
    (server,) = pod("full")["containers"]
    mine = server["args"][: server["args"].index("--max-num-seqs")]
    assert set(rules.flag_values(mine)) - owned == set()


def test_the_pinned_version_is_the_one_whose_flags_and_metrics_were_read() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert values["image"]["version"] == "v0.32.0"
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == "0.32.0"
    assert rules.parts(rules.minimum_version()) <= (0, 32, 0)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_container_runs_as_nobody_on_a_read_only_root(profile: str) -> None:
    for container in containers(profile):
        context = container["securityContext"]
        assert (context["runAsUser"], context["readOnlyRootFilesystem"]) == (20001, True)
        assert context["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("profile", PROFILES)
def test_mount_paths_are_unique_as_text_so_that_none_is_the_beginning_of_another(profile: str) -> None:
    paths = sorted({mount["mountPath"] for container in containers(profile) for mount in container["volumeMounts"]})
    assert [pair for pair in itertools.pairwise(paths) if pair[1].startswith(pair[0])] == []


@pytest.mark.parametrize("profile", PROFILES)
def test_the_key_is_a_file_and_stands_in_no_environment(profile: str) -> None:
    assert "secretKeyRef" not in json.dumps(pod(profile))
    (volume,) = [volume for volume in pod(profile)["volumes"] if "secret" in volume]
    mounted = [container["name"] for container in containers(profile) if volume["name"] in json.dumps(container)]
    assert mounted == ["server"]


def test_two_replicas_have_a_budget_that_always_lets_one_go_and_one_has_none() -> None:
    assert [budget["spec"]["maxUnavailable"] for budget in objects("full", "PodDisruptionBudget")] == [1]
    assert objects("default", "PodDisruptionBudget") == []


def test_over_two_zones_replicas_must_stand_apart_and_in_one_they_may_share() -> None:
    spread = pod("full")["topologySpreadConstraints"][0]
    assert (spread["whenUnsatisfiable"], spread["minDomains"], spread["maxSkew"]) == ("DoNotSchedule", 2, 1)
    assert pod("default")["topologySpreadConstraints"][0]["whenUnsatisfiable"] == "ScheduleAnyway"


def test_a_full_pool_gives_a_replica_up_before_it_starts_the_next() -> None:
    (full,), (default,) = objects("full", "Deployment"), objects("default", "Deployment")
    assert full["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 1, "maxSurge": 0}
    assert default["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_keda_scales_between_the_bounds_on_series_that_vllm_has() -> None:
    (scaled,) = objects("full", "ScaledObject")
    assert (scaled["spec"]["minReplicaCount"], scaled["spec"]["maxReplicaCount"]) == (2, 6)
    series = set(re.findall(r"vllm:\w+", scaled["spec"]["triggers"][0]["metadata"]["query"]))
    page = (ROOT / "tests/data/vllm/metrics-0.32.0.txt").read_text()
    assert series == {"vllm:num_requests_running", "vllm:num_requests_waiting"}
    assert all(f"\n{name}{{" in page for name in series)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_volumes_on_the_nodes_disk_fit_into_the_limit_that_counts_them(profile: str) -> None:
    on_disk = [volume["emptyDir"] for volume in pod(profile)["volumes"] if "emptyDir" in volume]
    sizes = sum(rules.mebibytes(volume["sizeLimit"]) for volume in on_disk if "medium" not in volume)
    long_lived = [container for container in containers(profile) if container["name"] in {"proxy", "server"}]
    limits = [rules.mebibytes(container["resources"]["limits"]["ephemeral-storage"]) for container in long_lived]
    assert sizes <= sum(limits)


def flows(profile: str, name: str = "model") -> tuple[list[Json], list[Json]]:
    (policy,) = [found for found in objects(profile, "NetworkPolicy") if found["metadata"]["name"] == name]
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    return policy["spec"]["ingress"], policy["spec"]["egress"]


@pytest.mark.parametrize("profile", PROFILES)
def test_only_the_gateway_reaches_the_api_and_only_the_monitoring_the_metrics(profile: str) -> None:
    ingress, _ = flows(profile)
    names = "kubernetes.io/metadata.name"
    reached = {
        rule["from"][0]["namespaceSelector"]["matchLabels"][names]: [port["port"] for port in rule["ports"]]
        for rule in ingress
    }
    assert reached == {"gateway": [8080], "monitoring": [8081]}
    further = [peer["podSelector"]["matchLabels"] for rule in ingress for peer in rule["from"][1:]]
    assert [labels["app.kubernetes.io/name"] for labels in further] == ["model-server-check"]


def test_the_pod_of_helm_test_is_no_server_to_the_service_and_reaches_only_the_server() -> None:
    (check,), (service,) = objects("default", "Pod"), objects("default", "Service")
    assert not service["spec"]["selector"].items() <= check["metadata"]["labels"].items()
    ingress, egress = flows("default", "model-check")
    assert ingress == []
    assert [port["port"] for rule in egress for port in rule["ports"]] == [53, 53, 8080]
    assert check["metadata"]["annotations"]["helm.sh/hook"] == "test"


def test_nothing_leaves_a_pod_whose_weights_lie_on_a_volume() -> None:
    assert flows("existing-claim")[1] == []


def test_instance_metadata_is_not_among_what_a_pod_may_reach() -> None:
    _, egress = flows("default")
    open_blocks = [peer["ipBlock"] for rule in egress for peer in rule["to"] if "ipBlock" in peer]
    assert {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]} in open_blocks
    assert [block["cidr"] for block in open_blocks if block["cidr"].startswith("169.254")] == ["169.254.170.23/32"]


def locations(profile: str) -> dict[int, list[tuple[str, str]]]:
    """Return port -> (location, what it does) of the rendered nginx.conf."""
    (config,) = objects(profile, "ConfigMap")
    servers = config["data"]["nginx.conf"].split("server {")[1:]
    found = {}
    for server in servers:
        port = int(re.findall(r"listen 0\.0\.0\.0:(\d+);", server)[0])
        found[port] = re.findall(r"location ([^{]+?) \{.*?((?:proxy_pass|return) [^;]+);", server, re.DOTALL)
    return found


@pytest.mark.parametrize("profile", PROFILES)
def test_the_proxy_passes_exact_paths_on_as_written_and_refuses_all_others(profile: str) -> None:
    passed = {
        port: [(f"= {path}", f"proxy_pass http://127.0.0.1:8000{path}") for path in paths] + [("/", "return 404")]
        for port, paths in ALLOWED.items()
    }
    assert locations(profile) == passed


def test_the_paths_of_vllm_that_its_key_does_not_guard_are_among_those_refused() -> None:
    open_without_key = {"/invocations", "/tokenize", "/pause", "/load", "/version", "/ping", "/scale_elastic_ep"}
    assert open_without_key <= set(OTHER_PATHS)
    assert len(OTHER_PATHS) > 60
    assert not set(OTHER_PATHS) & {path for paths in ALLOWED.values() for path in paths}


@pytest.mark.parametrize("profile", PROFILES)
def test_the_scripts_in_the_golden_are_the_files_of_the_chart(profile: str) -> None:
    (config,) = objects(profile, "ConfigMap")
    for name in ("completion.py", "serve.sh", "progress_probe.py", "verify_weights.py"):
        assert config["data"][name] == (CHART / "files" / name).read_text()


def closed_objects(schema: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    if schema.get("type") == "object" and "properties" in schema:
        yield path, schema
        for name, part in schema["properties"].items():
            yield from closed_objects(part, f"{path}.{name}")
    if "items" in schema:
        yield from closed_objects(schema["items"], f"{path}[]")


def test_the_schema_refuses_a_misspelt_key_everywhere() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    found = list(closed_objects(schema))
    assert [path for path, part in found if part.get("additionalProperties") is not False] == []
    assert len(found) > 15


def leaves(tree: Json, path: str = "") -> Iterator[str]:
    if isinstance(tree, dict) and tree:
        for name, part in tree.items():
            yield from leaves(part, f"{path}.{name}" if path else name)
    else:
        yield path


def test_every_value_is_in_the_schema_and_documented_in_the_readme() -> None:
    text = (CHART / "values.yaml").read_text()
    values, schema = yaml.safe_load(text), json.loads((CHART / "values.schema.json").read_text())
    documented = [value.path for value in build_chart_readme.documented_values(text)]
    for path in leaves(values):
        part = schema
        for name in path.split("."):
            part = part["properties"][name] if "properties" in part else part
        assert any(path == value or path.startswith(f"{value}.") for value in documented), path


def test_the_readme_has_the_table_of_the_values_as_they_are() -> None:
    page = (CHART / "README.md").read_text()
    assert page == build_chart_readme.with_table(
        page, build_chart_readme.values_table((CHART / "values.yaml").read_text())
    )


def test_only_the_marked_file_has_the_dummy_digest() -> None:
    dummy = f"sha256:{'0' * 64}"
    holding = [path.name for path in CHART.rglob("*") if path.is_file() and dummy in path.read_text()]
    assert holding == ["dummy-digests.yaml"]
    assert (CHART / "ci/dummy-digests.yaml").read_text().startswith("# THE DUMMY.")


def changed(document: Json, path: tuple[str | int, ...], value: Json) -> None:
    for step in path[:-1]:
        document = document[step]
    if value is None:
        del document[path[-1]]
    else:
        document[path[-1]] = value


SERVER = ("spec", "template", "spec", "containers", 0)
MUTATIONS: list[tuple[str, tuple[str | int, ...], Json]] = [
    ("version", ("metadata", "labels", rules.VERSION_LABEL), "0.31.9"),
    ("version", ("metadata", "labels", rules.VERSION_LABEL), "latest"),
    ("image", (*SERVER, "image"), "docker.io/vllm/vllm-openai:v0.32.0"),
    ("environment", (*SERVER, "env", 0, "name"), "VLLM_SERVER_DEV_MODE"),
    ("environment", (*SERVER, "env", 4, "value"), "16384"),
    ("flags", (*SERVER, "args", 4), "0.0.0.0"),  # noqa: S104 - the mistake to be found
    ("flags", (*SERVER, "args", 1), "--trust_remote_code"),
    ("drain", ("spec", "template", "spec", "terminationGracePeriodSeconds"), 335),
    ("drain", (*SERVER, "lifecycle"), {}),
    ("memory", ("spec", "template", "spec", "volumes", -1, "emptyDir", "sizeLimit"), "64Mi"),
    ("memory", ("spec", "template", "spec", "volumes", -1, "emptyDir", "medium"), None),
    ("memory", (*SERVER, "resources", "limits", "memory"), "1024Mi"),
]


@pytest.mark.parametrize(("check", "path", "value"), MUTATIONS)
def test_a_server_made_unsafe_is_found(check: str, path: tuple[str | int, ...], value: Json) -> None:
    resources = load_rendered(GOLDENS / "default.yaml")
    assert rules.scan(resources) == []
    (deployment,) = [found for found in resources if found.kind == "Deployment"]
    changed(deployment.body, path, value)
    assert {finding.check for finding in rules.scan(resources)} == {check}


@given(st.tuples(st.integers(0, 3), st.integers(0, 60), st.integers(0, 9)))
def test_versions_are_compared_by_number(version: tuple[int, int, int]) -> None:
    labels = {rules.VERSION_LABEL: ".".join(map(str, version))}
    assert bool(list(rules._old_version(labels))) == (version < (0, 32, 0))
