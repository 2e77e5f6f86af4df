"""Whether a model and its KV cache fit the GPU memory of one replica, and where that memory goes."""

import math
from dataclasses import dataclass

from costcheck.catalogue import GpuSpec, OpenWeights, Quantization, ServingRules, Weights
from costcheck.errors import ConfigError
from costcheck.model import roofline


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenShape:
    """Tokens of one request of a workload.

    Attributes:
        input_tokens: Mean prompt tokens, cached ones included.
        output_tokens: Mean completion tokens.
        cached_input_share: Share of the prompt that the prefix cache will hold, from 0 to under 1.
        p99_context_tokens: 99th percentile of prompt plus completion.
    """

    input_tokens: float
    output_tokens: float
    cached_input_share: float = 0.0
    p99_context_tokens: float

    def __post_init__(self) -> None:
        for name in ("input_tokens", "output_tokens", "p99_context_tokens"):
            require(math.isfinite(getattr(self, name)) and getattr(self, name) > 0, name, getattr(self, name))
        require(0 <= self.cached_input_share < 1, "cached_input_share", self.cached_input_share)

    @property
    def uncached_input_tokens(self) -> float:
        """Return the mean prompt tokens that a prefill computes."""
        return self.input_tokens * (1 - self.cached_input_share)

    @property
    def longest_context_tokens(self) -> float:
        """Return the context that must fit, never less than the mean request."""
        return max(self.p99_context_tokens, self.input_tokens + self.output_tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryFit:
    """Where the GPU memory of one replica goes; reserve, overhead, weights and cache add up to the total.

    Attributes:
        total_gib: Memory of all GPUs of the replica.
        reserved_gib: What the engine is told to leave alone.
        overhead_gib: CUDA context, activations, graphs, communication buffers.
        weight_gib: Weights.
        kv_cache_gib: What is left for the cache; negative where the rest does not fit.
        longest_context_tokens: Prompt plus completion of the longest request.
        longest_request_gib: Cache of one such request.
        concurrent_requests: Mean requests that the cache holds at once.
    """

    total_gib: float
    reserved_gib: float
    overhead_gib: float
    weight_gib: float
    kv_cache_gib: float
    longest_context_tokens: float
    longest_request_gib: float
    concurrent_requests: float

    @property
    def missing_gib(self) -> float:
        """Return what is missing for one request of the longest context, 0 where it fits."""
        return max(self.longest_request_gib - self.kv_cache_gib, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoesNotFit:
    """Why a model cannot be served that way.

    Attributes:
        missing_gib: Memory that is missing, 0 where memory is not the reason.
        memory: Where the memory goes, None where there is no GPU to fill.
    """

    reason: str
    missing_gib: float = 0.0
    memory: MemoryFit | None = None


def fit_memory(  # noqa: PLR0913 - each is one independent choice of the deployment
    model: OpenWeights,
    weights: Weights,
    gpu: GpuSpec,
    *,
    tensor_parallel: int,
    quantization: Quantization,
    shape: TokenShape,
    rules: ServingRules,
) -> MemoryFit:
    """Return where the memory of one replica goes."""
    machine = build_replica(model, weights, quantization, gpu, tensor_parallel, rules)
    total = gpu.memory_gib * tensor_parallel
    reserved = total * (1 - float(rules.memory.gpu_memory_utilization.value))
    overhead = float(rules.memory.overhead_gib_per_gpu.value) * tensor_parallel
    cache = total - reserved - overhead - weights.weight_gib
    mean_context = shape.input_tokens + float(rules.memory.mean_output_share_in_cache.value) * shape.output_tokens
    return MemoryFit(
        total_gib=total,
        reserved_gib=reserved,
        overhead_gib=overhead,
        weight_gib=weights.weight_gib,
        kv_cache_gib=cache,
        longest_context_tokens=shape.longest_context_tokens,
        longest_request_gib=_cache_gib(machine, shape.longest_context_tokens),
        concurrent_requests=max(cache, 0.0) / _cache_gib(machine, mean_context),
    )


def memory_reason(
    model: OpenWeights, gpu: GpuSpec, tensor_parallel: int, memory: MemoryFit, shape: TokenShape
) -> DoesNotFit | None:
    """Return why the longest request has no room, None where it has."""
    if shape.longest_context_tokens > model.context_limit_tokens:
        needed = f"{shape.longest_context_tokens:,.0f} tokens of context"
        return DoesNotFit(
            reason=f"{needed} pass the limit of {model.name}, {model.context_limit_tokens:,}", memory=memory
        )
    if memory.missing_gib > 0:
        where = f"{tensor_parallel} x {gpu.ec2_name} ({memory.total_gib:.1f} GiB)"
        reason = f"{model.name} lacks {memory.missing_gib:.1f} GiB on {where}"
        return DoesNotFit(reason=reason, missing_gib=memory.missing_gib, memory=memory)
    return None


def build_replica(  # noqa: PLR0913, PLR0917 - the same six as roofline.build_machine
    model: OpenWeights,
    weights: Weights,
    quantization: Quantization,
    gpu: GpuSpec,
    tensor_parallel: int,
    rules: ServingRules,
) -> roofline.Machine:
    """Return the roofline's numbers of one replica with the cache format of the rules."""
    return roofline.build_machine(
        model,
        weights,
        quantization,
        gpu,
        tensor_parallel=tensor_parallel,
        kv_bytes_per_element=float(rules.memory.kv_bytes_per_element.value),
    )


def _cache_gib(machine: roofline.Machine, context_tokens: float) -> float:
    return float(roofline.kv_cache_bytes(machine, context_tokens)) / roofline.BYTES_PER_GIB


def require(holds: bool, what: str, value: object) -> None:  # noqa: FBT001 - reads as a sentence
    """Stop at a number that no capacity can be computed from.

    Raises:
        ConfigError: The condition does not hold.
    """
    if not holds:
        message = f"{what} is {value}"
        raise ConfigError(
            message,
            expected="a finite number above zero (shares: under 1)",
            action="check the demand or the workload that this number comes from",
        )
