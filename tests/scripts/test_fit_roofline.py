import dataclasses
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
sys.path.insert(0, str(SCRIPTS))  # the scripts are run from their folder and are no package

import fit_roofline  # noqa: E402
import measured_serving  # noqa: E402

from costcheck.catalogue import load_gpus, load_roofline  # noqa: E402

ROWS, LEFT_OUT = measured_serving.read_observations(measured_serving.MEASUREMENTS)
COMMITTED = load_roofline()


def test_the_committed_parameters_are_what_the_committed_measurements_give() -> None:
    outcome = subprocess.run(  # noqa: S603 - our own script, under our own interpreter
        [sys.executable, str(SCRIPTS / "fit_roofline.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_a_check_names_the_key_that_differs() -> None:
    committed = msgspec.to_builtins(COMMITTED)
    moved = committed | {"layer_seconds": committed["layer_seconds"] * 1.01}
    (difference,) = fit_roofline.differences(moved, committed)
    assert difference.startswith(".layer_seconds: ")
    assert fit_roofline.differences(committed, committed) == []


def test_the_band_comes_from_sources_that_the_fit_has_not_seen() -> None:
    accuracy = COMMITTED.median_absolute_error["dense"]
    assert accuracy.in_sample < accuracy.leave_one_source_out < 0.23  # 0.23: the roofline of the sizing study
    assert COMMITTED.bands["dense_validated"].source_count >= 3
    assert COMMITTED.bands["mixture_validated"].sample_count >= 100


@pytest.mark.parametrize("mixture", [False, True])
def test_about_eight_in_ten_recent_vllm_measurements_lie_within_the_band(mixture: bool) -> None:  # noqa: FBT001
    rows = [row for row in ROWS if row.engine == "vllm" and row.mixture is mixture]
    ratio = fit_roofline.ratios(rows, COMMITTED, COMMITTED.engine_factors)
    band = COMMITTED.bands["mixture_validated" if mixture else "dense_validated"]
    assert np.mean((ratio >= band.p10) & (ratio <= band.p90)) > 0.8


def test_every_mlperf_submitter_of_a_round_is_one_source() -> None:
    sources = {row.source for row in ROWS}
    assert sources == {
        "argonne_2024",
        "inferencex",
        "mlperf_v4.1",
        "mlperf_v5.1",
        "nim_docs",
        "nvidia_gap_analysis",
        "tensorrt_llm_docs",
    }


def test_leaving_a_source_out_fits_without_its_rows() -> None:
    subset = [row for row in ROWS if row.source in {"inferencex", "nvidia_gap_analysis"}][::7]
    left_out = fit_roofline.leave_one_out(subset, lambda row: row.source)
    others = [row for row in subset if row.source != "inferencex"]
    parameters, engines = fit_roofline.fit(fit_roofline.build_table(others))
    own = [row for row in subset if row.source == "inferencex"]
    expected = fit_roofline.ratios(own, parameters, engines)
    mask = np.array([row.source == "inferencex" for row in subset])
    assert left_out[mask] == pytest.approx(expected)


def test_every_row_is_used_or_left_out_for_a_stated_reason() -> None:
    operating_points = measured_serving._merge_latencies(measured_serving.MEASUREMENTS)
    assert len(ROWS) + sum(LEFT_OUT.values()) == len(operating_points)


def test_a_row_faster_than_its_memory_can_be_read_is_left_out() -> None:
    # Measured rates lie within a factor of 20 of what peak bandwidth allows.
    slow = next(row for row in ROWS if row.source == "inferencex" and not row.mixture)
    fast = dataclasses.replace(slow, requests_per_second=slow.requests_per_second * 20)
    assert measured_serving._possible(slow) is slow
    assert str(measured_serving._possible(fast)).startswith("faster than memory can be read")


def test_a_gpu_is_validated_exactly_when_two_sources_of_recent_engines_measured_it() -> None:
    recent = {(row.gpu, row.source) for row in ROWS if row.source != "argonne_2024"}
    sources = Counter(gpu for gpu, _ in recent)
    assert {name for name, gpu in load_gpus().items() if gpu.validated} == {g for g, n in sources.items() if n > 1}


def test_a_closed_loop_row_gives_the_rate_that_its_latencies_imply() -> None:
    # 64 in flight, TTFT 0.5 s, 100 tokens of 20 ms: 64 / (0.5 + 2.0) = 25.6 a second.
    row = {
        "source": "NVIDIA NIM constructed",
        "model": "Llama-3.3-70b-instruct",
        "quantization": "fp8",
        "gpu": "H100-80GB",
        "gpu_count": "4",
        "tp": "4",
        "engine": "vllm",
        "input_tokens": "100",
        "output_tokens": "100",
        "concurrency_or_rate": "concurrency=64",
        "notes": "",
        "ttft_ms_p50": "500",
        "tpot_ms": "20",
    }
    observation = measured_serving._observe(row)
    assert isinstance(observation, measured_serving.Observation)
    assert observation.requests_per_second == pytest.approx(25.6)
    queued = measured_serving._observe(row | {"ttft_ms_p50": "2100"})
    assert queued == "mostly waiting: the engine ran fewer sequences than were sent"


def test_a_weighted_quantile_counts_weight_and_not_rows() -> None:
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([8.0, 1.0, 1.0])
    assert fit_roofline.weighted_quantile(values, weights, 0.5) == 3.0
    assert fit_roofline.weighted_quantile(values, weights, 0.1) == 1.0
