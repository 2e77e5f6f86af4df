"""The chart through helm itself: the goldens are current, bad values are refused by name, the drain law holds."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from localcloud.paths import Home
from localcloud.toolchain.locate import tool

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))  # the scripts are run from their folder and are no package

import render_charts  # noqa: E402
import scan_charts  # noqa: E402

pytestmark = pytest.mark.e2e
Json = Any
DUMMY = f"sha256:{'0' * 64}"


@pytest.fixture(scope="module")
def helm() -> Path:
    return tool("helm", cache_root=Home.from_environment(os.environ).tools, environ=os.environ)


def refusal(helm: Path, *more: str) -> str:
    done = render_charts.render(helm, "default", more)
    assert done.returncode != 0
    return done.stderr


@pytest.mark.parametrize("profile", render_charts.PROFILES)
def test_the_golden_is_what_helm_renders_now(helm: Path, profile: str) -> None:
    done = render_charts.render(helm, profile)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (render_charts.GOLDENS / f"{profile}.yaml").read_text()


def test_kube_score_finds_nothing_critical_in_any_profile() -> None:
    program = tool("kube-score", cache_root=Home.from_environment(os.environ).tools, environ=os.environ)
    assert scan_charts.wrong(sorted(render_charts.GOLDENS.glob("*.yaml")), program) == []


def test_without_a_digest_nothing_is_rendered_and_make_pin_is_named(helm: Path) -> None:
    said = refusal(helm, "--set=image.digest=")
    assert "image.digest is empty and images.json has no digest of docker.io/vllm/vllm-openai:v0.32.0" in said
    assert "run `make pin`" in said
    assert "proxy.image.digest is empty" in refusal(helm, "--set=proxy.image.digest=")
    assert "downloader.image.digest is empty" in refusal(helm, "--set=downloader.image.digest=")


def test_a_digest_that_make_pin_wrote_is_used_for_its_own_version_only(helm: Path, tmp_path: Path) -> None:
    chart = tmp_path / "model-server"
    shutil.copytree(render_charts.CHART, chart)
    digest = f"sha256:{'a' * 64}"
    (chart / "images.json").write_text(f'{{"docker.io/vllm/vllm-openai:v0.32.0": {{"digest": "{digest}"}}}}')
    values = [f"--values={chart}/ci/dummy-digests.yaml", f"--values={chart}/ci/default-values.yaml"]
    command = [str(helm), "template", "model", str(chart), "--kube-version", "1.36.0", *values, "--set=image.digest="]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert f"image: docker.io/vllm/vllm-openai@{digest}" in done.stdout, done.stderr
    newer = subprocess.run([*command, "--set=image.version=v0.33.0"], capture_output=True, text=True, check=False)  # noqa: S603
    assert "images.json has no digest of docker.io/vllm/vllm-openai:v0.33.0" in newer.stderr


@pytest.mark.parametrize(
    ("given_value", "said"),
    [
        ("replica.min=2", "additional properties 'replica' not allowed"),
        ("model.source.s3uri=x", "additional properties 's3uri' not allowed"),
        ("model.name=", "model.name is empty"),
        ("model.revision=main", "/model/revision"),
        ("model.revision=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "the pinned revision"),
        ("model.checksums=", "model.checksums is empty"),
        ("model.sizeGiB=0", "model.sizeGiB is 0"),
        ("model.source.s3Uri=", "expected: exactly one of the two"),
        ("model.source.existingClaim=x", "expected: exactly one of the two"),
        ("apiKeySecret.name=", "apiKeySecret.name is empty"),
        ("image.version=v0.31.9", "expected: 0.32.0 or newer"),
        ("image.version=latest", "/image/version"),
        ("image.digest=latest", "/image/digest"),
        ("server.tensorParallel=2", "server.tensorParallel is 2 and gpu.count is 1"),
        ("gpu.count=2", "server.tensorParallel is 1 and gpu.count is 2"),
        ("resources.sharedMemoryMiB=511", "/resources/sharedMemoryMiB"),
        ("drain.preStopSeconds=0", "/drain/preStopSeconds"),
        ("autoscaling.keda.enabled=true", "autoscaling.keda.prometheusUrl is empty"),
        ("networkPolicy.gatewayNamespaceLabels.kubernetes\\.io/metadata\\.name=null", "gatewayNamespaceLabels"),
    ],
)
def test_a_wrong_value_is_refused_by_name(helm: Path, given_value: str, said: str) -> None:
    assert said in refusal(helm, f"--set={given_value}")


def test_keda_cannot_wake_what_does_not_run(helm: Path) -> None:
    keda = ["--set=autoscaling.keda.enabled=true", "--set=autoscaling.keda.prometheusUrl=http://p:9090"]
    assert "replicas.min is 0 and replicas.max is 1 with KEDA" in refusal(helm, *keda, "--set=replicas.min=0")
    assert "replicas.min is 3 and replicas.max is 2" in refusal(helm, *keda, "--set=replicas.min=3,replicas.max=2")


@pytest.mark.parametrize(
    "flag",
    [
        "--trust-remote-code",
        "--trust_remote_code",
        "--trust-remote",  # vLLM takes any beginning that is unambiguous
        "--host=0.0.0.0",
        "--api-key",
        "--disable-log-stats",
        "--speculative-config.model=x",
        "--no-disable-fastapi-docs",
        "--shutdown-timeout=0",
    ],
)
def test_a_flag_that_would_undo_a_guarantee_is_refused_with_the_reason(helm: Path, flag: str) -> None:
    said = refusal(helm, f"--set=server.extraArgs={{{flag}}}")
    assert f"server.extraArgs has {flag}" in said
    assert "expected: no flag that the chart owns or forbids: --" in said


@pytest.mark.parametrize("word", ["-q", "-tp"])
def test_a_short_flag_is_refused_as_it_could_stand_for_any(helm: Path, word: str) -> None:
    assert "/server/extraArgs/0" in refusal(helm, f"--set=server.extraArgs={{{word}}}")


@pytest.mark.parametrize("flag", ["--quantization-config=x", "--max-num-seqs=64", "--tokenizer-mode=auto"])
def test_a_flag_that_only_begins_like_an_owned_one_is_taken(helm: Path, flag: str) -> None:
    done = render_charts.render(helm, "default", [f"--set=server.extraArgs={{{flag}}}"])
    assert f'- "{flag}"' in done.stdout, done.stderr


def test_an_older_kubernetes_is_refused(helm: Path) -> None:
    assert "chart requires kubeVersion" in refusal(helm, "--kube-version=1.34.0")


def test_no_replica_is_a_way_to_stop_without_keda(helm: Path) -> None:
    done = render_charts.render(helm, "default", ["--set=replicas.min=0"])
    assert "  replicas: 0\n" in done.stdout, done.stderr


@settings(
    max_examples=15,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(longest=st.integers(1, 100_000), pre_stop=st.integers(1, 10_000), replicas=st.integers(0, 50))
def test_for_any_values_grace_exceeds_the_drain_and_a_budget_lets_one_go(
    helm: Path, longest: int, pre_stop: int, replicas: int
) -> None:
    values = f"drain.longestRequestSeconds={longest},drain.preStopSeconds={pre_stop},replicas.min={replicas}"
    done = render_charts.render(helm, "default", [f"--set={values}"])
    assert done.returncode == 0, done.stderr
    documents: list[Json] = list(yaml.safe_load_all(done.stdout))
    (pod,) = [found["spec"]["template"]["spec"] for found in documents if found["kind"] == "Deployment"]
    (server,) = pod["containers"]
    shutdown_timeout = int(server["args"][server["args"].index("--shutdown-timeout") + 1])
    assert pod["terminationGracePeriodSeconds"] > pre_stop + shutdown_timeout > pre_stop + longest
    budgets = [found["spec"] for found in documents if found["kind"] == "PodDisruptionBudget"]
    assert [budget["maxUnavailable"] for budget in budgets] == ([1] if replicas >= 2 else [])
