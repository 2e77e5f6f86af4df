import pytest

from costcheck.catalogue import GpuSpec, OpenWeights, Quantization, load_gpus, load_open_weights, load_roofline
from costcheck.model import roofline

GPUS = load_gpus()
MODELS = load_open_weights()
PARAMETERS = load_roofline()


def machine(
    model: OpenWeights = MODELS["llama-3.1-8b"],
    gpu: GpuSpec = GPUS["H100"],
    quantization: Quantization = Quantization.BF16,
    tensor_parallel: int = 1,
) -> roofline.Machine:
    return roofline.build_machine(
        model,
        model.weights[quantization],
        quantization,
        gpu,
        tensor_parallel=tensor_parallel,
        kv_bytes_per_element=2,
    )


def tokens_per_second(
    replica: roofline.Machine, *, running: float, input_tokens: float, output_tokens: float
) -> float:
    context = input_tokens + output_tokens / 2
    step = roofline.decode_step_seconds(replica, PARAMETERS, running=running, context_tokens=context)
    prefill = roofline.prefill_seconds(replica, PARAMETERS, input_tokens=input_tokens)
    rate = roofline.closed_loop_requests_per_second(step, prefill, running=running, output_tokens=output_tokens)
    return float(rate) * output_tokens


def test_one_sequence_waits_for_the_weights_to_be_read_once() -> None:
    # 14.96 GiB at 3,350 GB/s take 4.795 ms at full speed; a step takes longer, and less than twice as long.
    step = roofline.decode_step_seconds(machine(), PARAMETERS, running=1, context_tokens=0)
    assert 0.004795 < step < 2 * 0.004795


def test_a_closed_loop_serves_one_request_for_its_prefill_and_its_steps() -> None:
    # 4 sequences, 10 steps of 0.1 s, prefill 0.5 s: 4 / (10 x 0.1 + 4 x 0.5) = 4/3 a second, TPOT 0.1 + 4 x 0.5 / 10.
    assert roofline.closed_loop_requests_per_second(0.1, 0.5, running=4, output_tokens=10) == pytest.approx(4 / 3)
    assert roofline.time_per_output_token(0.1, 0.5, running=4, output_tokens=10) == pytest.approx(0.3)


def test_a_prefill_costs_two_operations_a_parameter_and_token_plus_attention() -> None:
    # 2 x 8.03e9 x 1,000 + 2 x 32 x 4,096 x 1,000^2 = 1.6322e13 operations at 0.5704 x 989e12 a second.
    seconds = roofline.prefill_seconds(machine(), PARAMETERS, input_tokens=1000)
    assert seconds == pytest.approx(1.6322e13 / (PARAMETERS.prefill_efficiency * 989e12), rel=1e-3)


def test_a_batch_touches_more_experts_than_one_sequence() -> None:
    # Mixtral: one token reads 2 of 8 experts, 64 tokens practically all of them.
    mixtral = machine(MODELS["mixtral-8x7b"], GPUS["H200"])
    one, many = (
        float(roofline.decode_step_seconds(mixtral, PARAMETERS, running=n, context_tokens=0)) for n in (1, 64)
    )
    assert 2.5 < many / one < 5


def test_a_second_gpu_halves_reading_but_adds_all_reduces() -> None:
    one, two = (
        float(roofline.decode_step_seconds(machine(tensor_parallel=t), PARAMETERS, running=1, context_tokens=0))
        for t in (1, 2)
    )
    assert one / 2 < two < one


@pytest.mark.parametrize(
    ("gpu", "quantization", "ratio"),
    [
        ("H100", Quantization.BF16, 1),
        ("H100", Quantization.FP8, 2),
        ("H100", Quantization.MXFP4, 1),
        ("H100", Quantization.INT4, 1),
        ("A100-80GB", Quantization.FP8, 1),
        ("B200", Quantization.MXFP4, 2),
        ("B200", Quantization.NVFP4, 4),
    ],
)
def test_only_formats_that_the_tensor_cores_compute_are_faster_than_bf16(
    gpu: str, quantization: Quantization, ratio: float
) -> None:
    assert roofline.low_precision_ratio(GPUS[gpu], quantization) == ratio


@pytest.mark.parametrize(
    ("measured", "model", "gpu", "quantization", "tensor_parallel", "load"),
    [
        # Rows of scripts/data/measured_serving.csv, in output tokens a second of the replica:
        # concurrency x output tokens / (TTFT + output tokens x TPOT).
        (64 * 1024 / (0.264518 + 1024 * 0.0160692), "llama-3.3-70b", "H200", Quantization.FP8, 4, (64, 1024, 1024)),
        (64 * 1024 / (1.852269 + 1024 * 0.0420062), "llama-3.3-70b", "B200", Quantization.FP8, 2, (64, 8192, 1024)),
        (64 * 1024 / (0.169015 + 1024 * 0.0148319), "gpt-oss-120b", "H100", Quantization.MXFP4, 2, (64, 1024, 1024)),
        (32 * 512 / (0.22565 + 512 * 0.0098772), "llama-3.1-8b", "H100", Quantization.BF16, 1, (32, 1024, 512)),
    ],
)
def test_a_measured_operating_point_lies_within_the_published_band(  # noqa: PLR0913, PLR0917 - one column each
    measured: float,
    model: str,
    gpu: str,
    quantization: Quantization,
    tensor_parallel: int,
    load: tuple[float, float, float],
) -> None:
    running, input_tokens, output_tokens = load
    replica = machine(MODELS[model], GPUS[gpu], quantization, tensor_parallel)
    predicted = tokens_per_second(replica, running=running, input_tokens=input_tokens, output_tokens=output_tokens)
    band = PARAMETERS.bands["mixture_validated" if MODELS[model].is_mixture_of_experts else "dense_validated"]
    assert band.p10 <= measured / predicted <= band.p90
