"""How long one step of a serving engine takes: a roofline with a few fitted efficiencies.

One decode step reads the weights and the KV cache once and computes one token for each running sequence;
a prefill computes all prompt tokens of one request. Fixed times stand for kernel launches, scheduling and
all-reduces. Formula: sizing study of this kit (section 3, 2026-11-23); parameters:
`scripts/fit_roofline.py`. Every function takes numbers or NumPy arrays, so that the fit and the estimate
share one implementation.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costcheck.catalogue import GpuSpec, OpenWeights, Quantization, RooflineParameters, Weights

Numbers = float | NDArray[Any]

BYTES_PER_GIB = 2.0**30
BYTES_PER_GB = 1e9
FLOPS_PER_TFLOPS = 1e12
FLOPS_PER_PARAMETER_TOKEN = 2.0
"""One multiplication and one addition for each weight that a token passes through."""
ALL_REDUCES_PER_LAYER = 2.0
"""One after attention, one after the feed-forward block (Megatron-style, arXiv:1909.08053)."""
OVERLAP_EXPONENT = 3.0
"""How memory reads and arithmetic overlap: 1 adds them up, infinity takes the longer one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One replica, reduced to the numbers of the roofline.

    Attributes:
        dense_bytes: Weights that every step reads.
        expert_bytes: Weights of all routed experts.
        expert_share: Share of the experts that one token uses; 0 for dense models.
        kv_bytes_per_token: Cache of one token in all layers with full attention.
        kv_window_bytes_per_token: The same in sliding-window layers.
        kv_window_tokens: Tokens that those layers keep.
        bandwidth: Peak bytes a second of one GPU.
        bf16_flops: Peak dense operations a second of one GPU.
        low_precision_ratio: Peak of the format computed in, over BF16: 1, 2 (FP8) or 4 (FP4).
        mixture: 1 for a mixture of experts, 0 for a dense model.
        link_bandwidth: Bytes a second between GPUs, one direction.
    """

    dense_bytes: Numbers
    expert_bytes: Numbers
    expert_share: Numbers
    active_parameters: Numbers
    layer_count: Numbers
    hidden_size: Numbers
    kv_bytes_per_token: Numbers
    kv_window_bytes_per_token: Numbers
    kv_window_tokens: Numbers
    bandwidth: Numbers
    bf16_flops: Numbers
    low_precision_ratio: Numbers
    mixture: Numbers
    tensor_parallel: Numbers
    link_bandwidth: Numbers


def build_machine(  # noqa: PLR0913 - each is one independent choice of the deployment
    model: OpenWeights,
    weights: Weights,
    quantization: Quantization,
    gpu: GpuSpec,
    *,
    tensor_parallel: int,
    kv_bytes_per_element: float,
) -> Machine:
    """Return the numbers of one model in one format on `tensor_parallel` GPUs."""
    # With more GPUs than KV heads each GPU still keeps one whole head, so that heads are stored more than once.
    kv_heads = max(model.kv_head_count, tensor_parallel)
    kv_per_layer = 2 * kv_heads * model.head_dim * kv_bytes_per_element
    window_layers = model.sliding_window_layer_count
    experts = weights.expert_weight_gib * BYTES_PER_GIB
    return Machine(
        dense_bytes=weights.weight_gib * BYTES_PER_GIB - experts,
        expert_bytes=experts,
        expert_share=model.experts_per_token / model.expert_count if model.expert_count else 0.0,
        active_parameters=model.active_parameters_billion * 1e9,
        layer_count=float(model.layer_count),
        hidden_size=float(model.hidden_size),
        kv_bytes_per_token=(model.layer_count - window_layers) * kv_per_layer,
        kv_window_bytes_per_token=window_layers * kv_per_layer,
        kv_window_tokens=float(model.sliding_window_tokens),
        bandwidth=gpu.memory_bandwidth_gb_per_second * BYTES_PER_GB,
        bf16_flops=gpu.bf16_dense_tflops * FLOPS_PER_TFLOPS,
        low_precision_ratio=low_precision_ratio(gpu, quantization),
        mixture=float(model.is_mixture_of_experts),
        tensor_parallel=float(tensor_parallel),
        link_bandwidth=gpu.link_gb_per_second * BYTES_PER_GB,
    )


def low_precision_ratio(gpu: GpuSpec, quantization: Quantization) -> float:
    """Return how much faster than BF16 the tensor cores compute that format; 1 for weight-only formats.

    MXFP4 weights are multiplied with BF16 activations before Blackwell and with MXFP8 ones on it, as vLLM
    serves gpt-oss; INT4 weights are always expanded to BF16.
    """
    peaks = {
        Quantization.FP8: gpu.fp8_dense_tflops,
        Quantization.NVFP4: gpu.fp4_dense_tflops,
        Quantization.MXFP4: gpu.fp8_dense_tflops if gpu.fp4_dense_tflops else None,
    }
    return (peaks.get(quantization) or gpu.bf16_dense_tflops) / gpu.bf16_dense_tflops


def kv_cache_bytes(machine: Machine, context_tokens: Numbers) -> Numbers:
    """Return the KV cache of one sequence of that length, over all GPUs of the replica."""
    window = np.minimum(context_tokens, machine.kv_window_tokens)
    return machine.kv_bytes_per_token * context_tokens + machine.kv_window_bytes_per_token * window


def decode_step_seconds(
    machine: Machine, parameters: RooflineParameters, *, running: Numbers, context_tokens: Numbers
) -> Numbers:
    """Return the time of one decode step.

    Args:
        machine: The replica.
        parameters: Fitted efficiencies.
        running: Sequences in the batch.
        context_tokens: Mean tokens in the cache of one sequence.
    """
    bandwidth = machine.tensor_parallel * machine.bandwidth
    read = _weight_bytes(machine, running, parameters) / (bandwidth * parameters.bandwidth_efficiency)
    compute = _compute_seconds(machine, parameters, running, parameters.decode_efficiency)
    cache = running * kv_cache_bytes(machine, context_tokens) / (bandwidth * parameters.kv_bandwidth_efficiency)
    overlapped = (read**OVERLAP_EXPONENT + compute**OVERLAP_EXPONENT) ** (1 / OVERLAP_EXPONENT)
    fixed = parameters.layer_seconds * machine.layer_count + parameters.sequence_seconds * running
    return overlapped + cache + fixed + _all_reduce_seconds(machine, parameters, running)


def prefill_seconds(machine: Machine, parameters: RooflineParameters, *, input_tokens: Numbers) -> Numbers:
    """Return the time that the prompt of one request keeps the replica busy.

    Args:
        machine: The replica.
        parameters: Fitted efficiencies.
        input_tokens: Prompt tokens that are not in the prefix cache.
    """
    attention = 2 * machine.layer_count * machine.hidden_size * input_tokens**2
    rate = machine.tensor_parallel * machine.bf16_flops * parameters.prefill_efficiency
    linear = _compute_seconds(machine, parameters, input_tokens, parameters.prefill_efficiency)
    return linear + attention / rate + _all_reduce_seconds(machine, parameters, input_tokens, fixed=False)


def closed_loop_requests_per_second(
    step: Numbers, prefill: Numbers, *, running: Numbers, output_tokens: Numbers
) -> Numbers:
    """Return the rate at which `running` sequences, each replaced when it ends, pass through the replica.

    Each request costs its own prefill and its share of `output_tokens` steps (Little's law on one server).
    """
    return running / (output_tokens * step + running * prefill)


def time_per_output_token(step: Numbers, prefill: Numbers, *, running: Numbers, output_tokens: Numbers) -> Numbers:
    """Return the mean time between two tokens of one request, prefills of the others included, in seconds."""
    return step + running * prefill / output_tokens


def time_to_first_token(
    step: Numbers, prefill: Numbers, parameters: RooflineParameters, *, prefill_utilisation: Numbers
) -> Numbers:
    """Return the mean time to first token in seconds, of a request that finds a free slot.

    It waits for the prefills before it (M/D/1: Poisson arrivals, equal service times), for the step under
    way, for its own prefill, and for what is the same for every request.
    """
    waiting = prefill * prefill_utilisation / (2 * (1 - prefill_utilisation))
    return waiting + step + prefill + parameters.first_token_seconds


def _weight_bytes(machine: Machine, running: Numbers, parameters: RooflineParameters) -> Numbers:
    touched = 1 - (1 - machine.expert_share) ** running
    return machine.dense_bytes + machine.expert_bytes * touched / parameters.mixture_efficiency


def _compute_seconds(machine: Machine, parameters: RooflineParameters, tokens: Numbers, efficiency: float) -> Numbers:
    gain = machine.low_precision_ratio**parameters.low_precision_gain
    slow = 1 + machine.mixture * (1 / parameters.mixture_efficiency - 1)
    rate = machine.tensor_parallel * machine.bf16_flops * gain * efficiency
    return FLOPS_PER_PARAMETER_TOKEN * machine.active_parameters * tokens * slow / rate


def _all_reduce_seconds(
    machine: Machine, parameters: RooflineParameters, tokens: Numbers, *, fixed: bool = True
) -> Numbers:
    others = (machine.tensor_parallel - 1) / machine.tensor_parallel
    transfer = 4 * tokens * machine.hidden_size * others / machine.link_bandwidth
    latency = parameters.all_reduce_seconds * (others > 0) if fixed else 0.0
    return ALL_REDUCES_PER_LAYER * machine.layer_count * (latency + transfer)
