import math
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costcheck.catalogue import (
    GpuSpec,
    LatencyClass,
    OpenWeights,
    Quantization,
    find_gpu,
    load_gpus,
    load_open_weights,
    load_roofline,
    load_serving_rules,
)
from costcheck.errors import ConfigError
from costcheck.model import roofline
from costcheck.model.capacity import (
    DoesNotFit,
    LatencyTarget,
    Limit,
    ReplicaCapacity,
    ReplicaLayout,
    TokenShape,
    best_replica,
    estimate_replica_capacity,
    instances_needed,
    instances_needed_array,
    latency_target,
)

GPUS = load_gpus()
MODELS = load_open_weights()
RULES = load_serving_rules()
PARAMETERS = load_roofline()


def token_shape(**changes: float) -> TokenShape:
    values: dict[str, float] = {"input_tokens": 1000, "output_tokens": 200, "p99_context_tokens": 4000}
    return TokenShape(**(values | changes))


def target(latency_class: LatencyClass = LatencyClass.INTERACTIVE, **changes: float) -> LatencyTarget:
    default = latency_target(RULES, latency_class)
    values: dict[str, Any] = {
        "ttft_seconds": default.ttft_seconds,
        "tpot_seconds": default.tpot_seconds,
        "max_utilisation": default.max_utilisation,
    }
    return LatencyTarget(latency_class=latency_class, **(values | changes))


def estimate(  # noqa: PLR0913 - one default for each choice
    model: OpenWeights = MODELS["llama-3.1-8b"],
    gpu: GpuSpec = GPUS["H100"],
    *,
    tensor_parallel: int = 1,
    quantization: Quantization = Quantization.BF16,
    shape: TokenShape | None = None,
    wanted: LatencyTarget | None = None,
) -> ReplicaCapacity | DoesNotFit:
    return estimate_replica_capacity(
        model,
        gpu,
        tensor_parallel=tensor_parallel,
        quantization=quantization,
        shape=shape or token_shape(),
        target=wanted or target(),
        parameters=PARAMETERS,
        rules=RULES,
    )


def served(outcome: ReplicaCapacity | DoesNotFit) -> ReplicaCapacity:
    assert isinstance(outcome, ReplicaCapacity), outcome
    return outcome


def refused(outcome: ReplicaCapacity | ReplicaLayout | DoesNotFit) -> DoesNotFit:
    assert isinstance(outcome, DoesNotFit), outcome
    return outcome


def rate(outcome: ReplicaCapacity | DoesNotFit) -> float:
    return outcome.requests_per_second if isinstance(outcome, ReplicaCapacity) else 0.0


def best(
    model: str, gpu: str, gpu_count: int, latency_class: LatencyClass = LatencyClass.INTERACTIVE
) -> ReplicaLayout | DoesNotFit:
    return best_replica(
        MODELS[model],
        GPUS[gpu],
        gpu_count,
        shape=token_shape(),
        target=target(latency_class),
        parameters=PARAMETERS,
        rules=RULES,
    )


# memory


def test_llama_8b_in_bf16_on_one_l40s_leaves_the_cache_that_a_hand_calculation_gives() -> None:
    # 45,776 MiB = 44.703 GiB; x 0.9 = 40.233; - 2 overhead - 14.96 weights = 23.273 GiB of cache.
    # Cache of a token: 2 x 32 layers x 8 heads x 128 x 2 bytes = 131,072 bytes; 4,000 tokens = 0.488 GiB.
    # Mean request: 1,000 + 0.55 x 200 = 1,110 tokens = 0.1355 GiB, so 171.8 of them.
    memory = served(estimate(gpu=GPUS["L40S"])).memory
    assert memory.kv_cache_gib == pytest.approx(23.273, abs=0.001)
    assert memory.longest_request_gib == pytest.approx(0.48828, abs=0.0001)
    assert memory.concurrent_requests == pytest.approx(171.76, abs=0.01)


def test_the_terms_of_the_memory_add_up_to_the_total() -> None:
    memory = served(estimate(gpu=GPUS["L4"])).memory
    parts = memory.reserved_gib + memory.overhead_gib + memory.weight_gib + memory.kv_cache_gib
    assert parts == pytest.approx(memory.total_gib)
    assert memory.total_gib == pytest.approx(22.352, abs=0.001)


def test_llama_8b_in_bf16_fits_one_l4_with_3_gib_of_cache() -> None:
    # 22.352 x 0.9 = 20.116; - 2 - 14.96 = 3.156 GiB, 23 mean requests.
    memory = served(estimate(gpu=GPUS["L4"])).memory
    assert memory.kv_cache_gib == pytest.approx(3.156, abs=0.001)
    assert math.floor(memory.concurrent_requests) == 23


def test_llama_70b_in_bf16_does_not_fit_one_l40s_and_the_missing_gib_are_stated() -> None:
    # 131.42 weights + 1.221 for 4,000 tokens (327,680 bytes each) - (40.233 - 2) = 94.41 GiB.
    outcome = refused(estimate(MODELS["llama-3.3-70b"], GPUS["L40S"]))
    assert outcome.missing_gib == pytest.approx(94.41, abs=0.01)
    assert "lacks 94.4 GiB on 1 x L40S" in outcome.reason


def test_a_longest_request_that_fills_more_than_the_cache_does_not_fit() -> None:
    outcome = refused(estimate(gpu=GPUS["L4"], shape=token_shape(p99_context_tokens=30_000)))
    assert outcome.missing_gib == pytest.approx(30_000 * 131_072 / 2**30 - 3.156, abs=0.001)


def test_the_mean_request_must_fit_even_where_the_stated_percentile_is_shorter() -> None:
    # 1,000 + 200 tokens of 131,072 bytes.
    memory = served(estimate(shape=token_shape(p99_context_tokens=100))).memory
    assert memory.longest_request_gib == pytest.approx(1200 * 131_072 / 2**30)


def test_a_context_past_the_limit_of_the_model_does_not_fit_however_much_memory_there_is() -> None:
    outcome = refused(estimate(MODELS["qwen3-32b"], GPUS["B200"], shape=token_shape(p99_context_tokens=50_000)))
    assert outcome.missing_gib == 0
    assert "40,960" in outcome.reason


def test_a_quantization_that_nobody_publishes_is_refused() -> None:
    assert "not published in int4" in refused(estimate(quantization=Quantization.INT4)).reason


def test_sliding_window_layers_keep_only_their_window() -> None:
    # gpt-oss-120b: 18 full layers x 2,048 bytes x 4,000 + 18 windowed layers x 2,048 bytes x 128 tokens.
    memory = served(estimate(MODELS["gpt-oss-120b"], quantization=Quantization.MXFP4)).memory
    assert memory.longest_request_gib * 2**30 == pytest.approx(18 * 2048 * (4000 + 128))


def test_more_gpus_than_kv_heads_store_heads_more_than_once() -> None:
    four, eight = (
        served(estimate(MODELS["qwen3-235b-a22b"], GPUS["B200"], tensor_parallel=tp, quantization=Quantization.FP8))
        for tp in (4, 8)
    )
    assert eight.memory.longest_request_gib == pytest.approx(2 * four.memory.longest_request_gib)


# latency


def test_a_gpu_that_is_too_slow_even_when_idle_is_refused_with_its_figures() -> None:
    outcome = refused(estimate(gpu=GPUS["L4"], wanted=target(tpot_seconds=0.01)))
    assert "too slow even when idle: TPOT 0.0" in outcome.reason


def test_the_operating_point_meets_the_target() -> None:
    wanted = target(tpot_seconds=0.03)
    capacity = served(estimate(wanted=wanted))
    assert capacity.tpot_seconds <= wanted.tpot_seconds
    assert capacity.ttft_p99_seconds <= wanted.ttft_seconds


@pytest.mark.parametrize(
    ("model", "gpu", "shape", "wanted", "limit"),
    [
        ("llama-3.1-8b", "L4", token_shape(), target(), Limit.KV_MEMORY),
        ("llama-3.1-8b", "H100", token_shape(), target(tpot_seconds=0.012), Limit.TPOT),
        ("llama-3.1-8b", "L40S", token_shape(input_tokens=6000), target(ttft_seconds=1.4), Limit.TTFT),
        ("llama-3.1-8b", "B200", token_shape(input_tokens=100, p99_context_tokens=300), target(), Limit.THROUGHPUT),
    ],
)
def test_the_limit_that_binds_is_named(
    model: str, gpu: str, shape: TokenShape, wanted: LatencyTarget, limit: Limit
) -> None:
    assert served(estimate(MODELS[model], GPUS[gpu], shape=shape, wanted=wanted)).limit is limit


def test_the_utilisation_cap_scales_the_sustainable_rate() -> None:
    whole, capped = (rate(estimate(wanted=target(max_utilisation=share))) for share in (1.0, 0.7))
    assert capped == pytest.approx(0.7 * whole)


def test_caching_a_prompt_raises_capacity() -> None:
    assert rate(estimate(shape=token_shape(cached_input_share=0.8))) > 1.2 * rate(estimate())


def test_tensor_parallelism_over_pcie_is_derated() -> None:
    slow = GPUS["L40S"]
    same_but_nvlink = msgspec.structs.replace(slow, gpu_link="nvlink")
    pcie, nvlink = (rate(estimate(gpu=gpu, tensor_parallel=2)) for gpu in (slow, same_but_nvlink))
    assert pcie == pytest.approx(0.7 * nvlink)


def test_fp8_on_a_gpu_without_fp8_cores_is_slower_in_prefill_than_bf16() -> None:
    long_prompts = token_shape(input_tokens=4000, output_tokens=10, p99_context_tokens=5000)
    wanted = target(LatencyClass.BATCH)
    bf16, fp8 = (
        rate(estimate(gpu=GPUS["A100-80GB"], quantization=q, shape=long_prompts, wanted=wanted))
        for q in (Quantization.BF16, Quantization.FP8)
    )
    assert fp8 < 0.8 * bf16


@pytest.mark.parametrize(
    ("model", "gpu", "measured"),
    [
        # Saturated requests a second in FP8 over 16 bits, vLLM 0.19 (sizing study, 4.6): not in the fit.
        ("llama-3.1-8b", "H100", 1.31),
        ("llama-3.1-8b", "A100-80GB", 0.86),
        ("qwen3-30b-a3b", "A100-80GB", 1.38),
    ],
)
def test_the_gain_of_fp8_at_saturation_is_near_what_was_measured_elsewhere(
    model: str, gpu: str, measured: float
) -> None:
    saturated = target(LatencyClass.BATCH, max_utilisation=1.0, tpot_seconds=100)
    bf16, fp8 = (
        rate(estimate(MODELS[model], GPUS[gpu], quantization=q, wanted=saturated))
        for q in (Quantization.BF16, Quantization.FP8)
    )
    assert fp8 / bf16 == pytest.approx(measured, rel=0.25)


@pytest.mark.parametrize(
    ("model", "tensor_parallel", "shape", "latency_class", "tpot_seconds"),
    [
        # MLPerf Inference: token means of its data sets and the Server targets of the two Llama benchmarks.
        ("llama-3.3-70b", 2, {"input_tokens": 294, "output_tokens": 291}, LatencyClass.INTERACTIVE, 0.2),
        ("llama-3.1-405b", 8, {"input_tokens": 9400, "output_tokens": 650}, LatencyClass.RELAXED, 0.175),
    ],
)
def test_the_utilisation_cap_covers_what_mlperf_loses_to_its_latency_targets(
    model: str, tensor_parallel: int, shape: dict[str, float], latency_class: LatencyClass, tpot_seconds: float
) -> None:
    tokens = token_shape(**shape, p99_context_tokens=2 * sum(shape.values()))
    server = target(latency_class, tpot_seconds=tpot_seconds)
    offline = target(LatencyClass.BATCH, max_utilisation=1.0, tpot_seconds=100, ttft_seconds=1e6)
    share, whole = (
        rate(
            estimate(
                MODELS[model],
                GPUS["H200"],
                tensor_parallel=tensor_parallel,
                quantization=Quantization.FP8,
                shape=tokens,
                wanted=wanted,
            )
        )
        for wanted in (server, offline)
    )
    measured = RULES.latency[latency_class].mlperf_derate
    assert measured is not None
    assert measured.high is not None
    assert 0.5 * float(measured.value) < share / whole < float(measured.high)


# bands


def test_the_median_estimate_is_corrected_by_the_bias_out_of_sample() -> None:
    band = PARAMETERS.bands["dense_validated"]
    halved = msgspec.structs.replace(band, p50=band.p50 / 2)
    parameters = msgspec.structs.replace(PARAMETERS, bands=PARAMETERS.bands | {"dense_validated": halved})
    outcome = estimate_replica_capacity(
        MODELS["llama-3.1-8b"],
        GPUS["H100"],
        tensor_parallel=1,
        quantization=Quantization.BF16,
        shape=token_shape(),
        target=target(),
        parameters=parameters,
        rules=RULES,
    )
    assert rate(outcome) == pytest.approx(rate(estimate()) / 2)


def test_the_band_is_wider_for_a_gpu_without_measurements() -> None:
    measured, unmeasured = served(estimate()), served(estimate(gpu=GPUS["L40S"]))
    assert unmeasured.capacity_p10 < measured.capacity_p10 < 1 < measured.capacity_p90 < unmeasured.capacity_p90


def test_the_band_is_wider_for_a_mixture_of_experts() -> None:
    dense = served(estimate())
    mixture = served(estimate(MODELS["gpt-oss-20b"], quantization=Quantization.MXFP4))
    assert mixture.capacity_p10 < dense.capacity_p10
    assert mixture.capacity_p90 > dense.capacity_p90


def test_the_lower_end_falls_beyond_the_concurrency_that_was_measured() -> None:
    few = token_shape(input_tokens=100, output_tokens=100, p99_context_tokens=300)
    loaded = served(estimate(shape=few, wanted=target(LatencyClass.BATCH)))
    assert loaded.running_requests > PARAMETERS.largest_measured_concurrency
    assert loaded.capacity_p10 < served(estimate()).capacity_p10


# layouts


def test_one_instance_of_eight_gpus_holds_eight_replicas_of_a_small_model() -> None:
    layout = best("llama-3.1-8b", "H100", 8)
    assert isinstance(layout, ReplicaLayout)
    assert (layout.replica.tensor_parallel, layout.replicas_per_instance) == (1, 8)
    assert layout.requests_per_second == pytest.approx(8 * layout.replica.requests_per_second)


def test_a_model_too_big_for_one_gpu_is_spread_over_several() -> None:
    layout = best("llama-3.1-405b", "H100", 8)
    assert isinstance(layout, ReplicaLayout)
    assert (layout.replica.tensor_parallel, layout.replica.quantization) == (8, Quantization.FP8)


def test_a_fractional_gpu_never_fits() -> None:
    assert "no whole L4" in refused(best("llama-3.1-8b", "L4", 0)).reason


def test_the_nearest_miss_is_reported_when_nothing_fits() -> None:
    outcome = refused(best("qwen3-32b", "L4", 1))
    assert outcome.missing_gib == pytest.approx(0.86, abs=0.01)


def test_more_gpus_never_serve_less() -> None:
    rates = []
    for count in (1, 2, 4, 8):
        layout = best("qwen3-32b", "L40S", count)
        rates.append(layout.requests_per_second if isinstance(layout, ReplicaLayout) else 0.0)
    assert rates == sorted(rates)


def test_a_looser_latency_class_never_serves_less() -> None:
    rates = []
    for latency_class in (LatencyClass.INTERACTIVE, LatencyClass.RELAXED, LatencyClass.BATCH):
        layout = best("llama-3.3-70b", "L40S", 4, latency_class)
        assert isinstance(layout, ReplicaLayout)
        rates.append(layout.requests_per_second)
    assert rates == sorted(rates)


# laws

CASES = st.sampled_from(
    [
        (model, quantization)
        for model in ("llama-3.1-8b", "qwen3-32b", "gpt-oss-20b", "gpt-oss-120b", "mixtral-8x7b")
        for quantization in MODELS[model].weights
    ]
)
GPU_NAMES = st.sampled_from(sorted(GPUS))
SIZES = st.sampled_from((1, 2, 4, 8))
SHAPES = st.builds(
    token_shape,
    input_tokens=st.floats(10, 8000),
    output_tokens=st.floats(5, 2000),
    cached_input_share=st.floats(0, 0.9),
    p99_context_tokens=st.floats(100, 16_000),
)
TARGETS = st.builds(
    target,
    st.sampled_from(LatencyClass),
    ttft_seconds=st.floats(0.1, 30),
    tpot_seconds=st.floats(0.005, 1),
)
TOLERANCE = 1 - 1e-9


@given(CASES, GPU_NAMES, SIZES, SHAPES, TARGETS, st.floats(1, 4))
@settings(deadline=None)
def test_more_bandwidth_never_lowers_capacity(  # noqa: PLR0913, PLR0917 - Hypothesis passes each draw
    case: tuple[str, Quantization], gpu: str, size: int, shape: TokenShape, wanted: LatencyTarget, factor: float
) -> None:
    before = GPUS[gpu]
    bandwidth = before.memory_bandwidth_gb_per_second * factor
    after = msgspec.structs.replace(before, memory_bandwidth_gb_per_second=bandwidth)
    slow, fast = (
        rate(estimate(MODELS[case[0]], g, tensor_parallel=size, quantization=case[1], shape=shape, wanted=wanted))
        for g in (before, after)
    )
    assert fast >= slow * TOLERANCE


@given(CASES, GPU_NAMES, SIZES, SHAPES, TARGETS, st.floats(1, 5), st.floats(1, 5))
@settings(deadline=None)
def test_a_looser_target_never_lowers_capacity(  # noqa: PLR0913, PLR0917 - Hypothesis passes each draw
    case: tuple[str, Quantization],
    gpu: str,
    size: int,
    shape: TokenShape,
    wanted: LatencyTarget,
    ttft: float,
    tpot: float,
) -> None:
    looser = target(
        wanted.latency_class, ttft_seconds=wanted.ttft_seconds * ttft, tpot_seconds=wanted.tpot_seconds * tpot
    )
    strict, loose = (
        rate(
            estimate(
                MODELS[case[0]], GPUS[gpu], tensor_parallel=size, quantization=case[1], shape=shape, wanted=wanted_now
            )
        )
        for wanted_now in (wanted, looser)
    )
    assert loose >= strict * TOLERANCE


@given(CASES, GPU_NAMES, SIZES, SHAPES, TARGETS, st.floats(1, 5))
@settings(deadline=None)
def test_longer_outputs_never_raise_capacity(  # noqa: PLR0913, PLR0917 - Hypothesis passes each draw
    case: tuple[str, Quantization], gpu: str, size: int, shape: TokenShape, wanted: LatencyTarget, factor: float
) -> None:
    longer = token_shape(
        input_tokens=shape.input_tokens,
        output_tokens=shape.output_tokens * factor,
        cached_input_share=shape.cached_input_share,
        p99_context_tokens=shape.longest_context_tokens,
    )
    short, long = (
        estimate(MODELS[case[0]], GPUS[gpu], tensor_parallel=size, quantization=case[1], shape=s, wanted=wanted)
        for s in (shape, longer)
    )
    if isinstance(short, ReplicaCapacity):
        assert rate(long) <= short.requests_per_second / TOLERANCE


@given(CASES, GPU_NAMES, SIZES, SHAPES, TARGETS)
@settings(deadline=None)
def test_capacity_never_passes_the_arithmetic_of_the_gpu(
    case: tuple[str, Quantization], gpu: str, size: int, shape: TokenShape, wanted: LatencyTarget
) -> None:
    model, quantization = MODELS[case[0]], case[1]
    outcome = estimate(model, GPUS[gpu], tensor_parallel=size, quantization=quantization, shape=shape, wanted=wanted)
    machine = roofline.build_machine(
        model, model.weights[quantization], quantization, GPUS[gpu], tensor_parallel=size, kv_bytes_per_element=2
    )
    peak = machine.tensor_parallel * machine.bf16_flops * machine.low_precision_ratio
    tokens = shape.uncached_input_tokens + shape.output_tokens
    # Two operations for each active weight and token: no engine can do with less.
    assert rate(outcome) <= peak / (2 * machine.active_parameters * tokens)


# whole instances


@pytest.mark.parametrize(
    ("busy", "expected"), [(0.0, 2), (10.0, 2), (20.0, 2), (20.1, 3), (30.0, 3), (99.999, 10), (100.1, 11)]
)
def test_instances_are_whole_and_never_fewer_than_the_minimum(busy: float, expected: int) -> None:
    assert instances_needed(busy, 10.0, minimum=2, spare=0) == expected


def test_spare_instances_come_on_top_of_the_minimum_and_of_the_demand() -> None:
    assert instances_needed(0.0, 10.0, minimum=1, spare=1) == 2
    assert instances_needed(25.0, 10.0, minimum=1, spare=1) == 4


def test_a_quotient_that_only_rounding_lifts_over_a_whole_number_costs_no_instance() -> None:
    assert instances_needed(0.1 * 3, 0.1, minimum=0, spare=0) == 3


@given(st.floats(1e-3, 1e5), st.floats(0.01, 1e3))
def test_the_instances_serve_the_demand_and_one_fewer_would_not(busy: float, capacity: float) -> None:
    count = instances_needed(busy, capacity, minimum=0, spare=0)
    assert count * capacity >= busy * (1 - 1e-8)
    assert (count - 1) * capacity < busy or count == 0


def test_the_vectorised_count_broadcasts_draws_of_demand_over_draws_of_capacity() -> None:
    counts = instances_needed_array(np.array([[5.0], [25.0]]), np.array([10.0, 20.0]), minimum=1, spare=0)
    assert counts.tolist() == [[1, 1], [3, 2]]
    assert counts.dtype == np.int64


@pytest.mark.parametrize(
    ("busy", "capacity"), [(math.nan, 1.0), (-1.0, 1.0), (1.0, 0.0), (1.0, math.nan), (math.inf, 1.0)]
)
def test_a_number_that_counts_nothing_is_refused(busy: float, capacity: float) -> None:
    with pytest.raises(ConfigError, match="requests_per_second is"):
        instances_needed(busy, capacity, minimum=1, spare=0)


@pytest.mark.parametrize(
    "changes",
    [{"input_tokens": 0}, {"output_tokens": math.nan}, {"p99_context_tokens": -1}, {"cached_input_share": 1.0}],
)
def test_a_token_shape_that_no_request_has_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(changes))):
        token_shape(**changes)


# catalogue


@pytest.mark.parametrize(
    ("ec2_name", "memory_gib", "name"),
    [
        ("T4", "16", None),
        ("A10G", "22.35", "A10G"),
        ("L4", "22.35", "L4"),
        ("L40S", "44.7", "L40S"),
        ("RTX PRO 4500", "32", "RTX-PRO-4500"),
        ("RTX PRO Server 6000", "96", "RTX-PRO-6000"),
        ("A100", "40", "A100-40GB"),
        ("A100", "80", "A100-80GB"),
        ("H100", "80", "H100"),
        ("H200", "141", "H200"),
        ("B200", "179.06", "B200"),
        ("B300", "268.59", "B300"),
        ("L4", "5.59", None),
    ],
)
def test_every_gpu_of_the_instance_families_is_found_by_its_ec2_name_and_memory(
    ec2_name: str, memory_gib: str, name: str | None
) -> None:
    assert find_gpu(GPUS, ec2_name, Decimal(memory_gib)) is (GPUS[name] if name else None)


@pytest.mark.parametrize("name", sorted(GPUS))
def test_every_gpu_names_its_source_and_only_measured_ones_are_validated(name: str) -> None:
    gpu = GPUS[name]
    assert gpu.source_url.startswith("https://")
    assert gpu.validated is (name in {"H100", "H200", "B200"})
    assert (gpu.fp8_dense_tflops or gpu.bf16_dense_tflops) >= gpu.bf16_dense_tflops


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_parameters_of_a_model_follow_from_its_weights_in_bf16(name: str) -> None:
    model = MODELS[name]
    bits = {Quantization.BF16: 16.0, Quantization.MXFP4: 4.25}
    quantization = next(iter(model.weights))
    weights = model.weights[quantization]
    experts = weights.expert_weight_gib * 2**30 * 8 / bits[quantization]
    dense = (weights.weight_gib - weights.expert_weight_gib) * 2**30 / 2
    assert (experts + dense) / 1e9 == pytest.approx(model.total_parameters_billion, rel=0.005)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_key_value_heads_divide_the_heads_and_the_model_has_a_licence(name: str) -> None:
    model = MODELS[name]
    assert model.attention_head_count % model.kv_head_count == 0
    assert model.licence
    assert model.licence_url.startswith("https://")
    assert model.active_parameters_billion <= model.total_parameters_billion
    assert model.is_mixture_of_experts is (model.experts_per_token > 0)


@pytest.mark.parametrize(
    ("provider_id", "model_id", "in_region"),
    [(api.provider_id, api.model_id, api.in_region_aws) for model in MODELS.values() for api in model.managed_apis],
)
def test_every_managed_api_of_the_same_weights_is_one_that_genai_prices_knows(
    provider_id: str,
    model_id: str,
    in_region: bool,  # noqa: FBT001 - a column of the table
) -> None:
    from genai_prices import data_snapshot  # noqa: PLC0415 - slow to import, needed by this test only

    providers = {provider.id: provider for provider in data_snapshot.get_snapshot().providers}
    assert model_id in {model.id for model in providers[provider_id].models}
    assert in_region is (provider_id == "aws")
