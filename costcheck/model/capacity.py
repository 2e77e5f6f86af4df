"""How many requests a second one replica and one instance sustain, and how many whole instances a demand needs.

A replica runs at the highest rate at which the next request would still meet the latency target and find room
in the KV cache, times the utilisation that keeps queues short. Rates are of vLLM; step times come from
`costcheck.model.roofline`, rules from `costcheck/data/serving_rules.toml`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

from costcheck.catalogue import (
    GpuSpec,
    LatencyClass,
    OpenWeights,
    Quantization,
    RooflineParameters,
    ServingRules,
)
from costcheck.model import roofline
from costcheck.model.memory_fit import (
    DoesNotFit,
    MemoryFit,
    TokenShape,
    build_replica,
    fit_memory,
    memory_reason,
    require,
)

__all__ = [
    "DoesNotFit",
    "LatencyTarget",
    "Limit",
    "MemoryFit",
    "ReplicaCapacity",
    "ReplicaLayout",
    "TokenShape",
    "best_replica",
    "estimate_replica_capacity",
    "instances_needed",
    "instances_needed_array",
    "latency_target",
]

TENSOR_PARALLEL_SIZES = (1, 2, 4, 8)
"""Powers of two divide the attention heads of every model of the catalogue."""
IDLE = 1e-9
"""Mean requests in flight of a replica with next to nothing to do."""
BISECTION_STEPS = 60
"""Halves an interval of thousands of sequences to less than a rounding error."""
ROUNDING = 1e-9
"""Share by which a quotient may pass a whole number before it costs another instance."""


class Limit(StrEnum):
    """What keeps a replica from serving more."""

    KV_MEMORY = "kv_memory"
    TPOT = "tpot"
    TTFT = "ttft"
    THROUGHPUT = "throughput"
    """The engine's own cap on sequences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyTarget:
    """What a workload's users accept.

    Attributes:
        ttft_seconds: Time to first token, 99th percentile.
        tpot_seconds: Mean time per output token.
        max_utilisation: Highest busy share of the sustainable rate, above 0 and at most 1.
    """

    latency_class: LatencyClass
    ttft_seconds: float
    tpot_seconds: float
    max_utilisation: float

    def __post_init__(self) -> None:
        require(self.ttft_seconds > 0, "ttft_seconds", self.ttft_seconds)
        require(self.tpot_seconds > 0, "tpot_seconds", self.tpot_seconds)
        require(0 < self.max_utilisation <= 1, "max_utilisation", self.max_utilisation)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaCapacity:
    """What one replica serves.

    Attributes:
        tensor_parallel: GPUs of the replica.
        requests_per_second: Sustainable median estimate, utilisation cap included.
        limit: What keeps it from serving more.
        running_requests: Mean requests in flight at that rate.
        tpot_seconds: Mean time per output token at that rate.
        ttft_p99_seconds: Time to first token at that rate, 99th percentile.
        capacity_p10: Factor on the rate that nine in ten deployments reach.
        capacity_p90: Factor that one in ten reaches.
        validated: Whether the roofline saw measurements of this GPU.
    """

    quantization: Quantization
    huggingface_id: str
    tensor_parallel: int
    requests_per_second: float
    input_tokens_per_second: float
    output_tokens_per_second: float
    limit: Limit
    running_requests: float
    tpot_seconds: float
    ttft_p99_seconds: float
    capacity_p10: float
    capacity_p90: float
    validated: bool
    memory: MemoryFit


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaLayout:
    """The best way to fill one instance with replicas of one model.

    Attributes:
        requests_per_second: Of the whole instance, sustainable median estimate.
    """

    replica: ReplicaCapacity
    replicas_per_instance: int
    requests_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    """One replica under one token shape: everything that depends on how many requests run."""

    machine: roofline.Machine
    parameters: RooflineParameters
    shape: TokenShape
    ttft_p99_over_mean: float

    def step(self, running: float) -> float:
        """Return the time of one step; a mean below one request in flight is one request at a time."""
        context = self.shape.input_tokens + self.shape.output_tokens / 2
        seconds = roofline.decode_step_seconds(
            self.machine, self.parameters, running=max(running, 1.0), context_tokens=context
        )
        return float(seconds)

    @property
    def prefill(self) -> float:
        tokens = self.shape.uncached_input_tokens
        return float(roofline.prefill_seconds(self.machine, self.parameters, input_tokens=tokens))

    def rate(self, running: float) -> float:
        return float(
            roofline.closed_loop_requests_per_second(
                self.step(running), self.prefill, running=running, output_tokens=self.shape.output_tokens
            )
        )

    def tpot(self, running: float) -> float:
        return float(
            roofline.time_per_output_token(
                self.step(running), self.prefill, running=running, output_tokens=self.shape.output_tokens
            )
        )

    def ttft_p99(self, running: float) -> float:
        busy = self.rate(running) * self.prefill
        mean = roofline.time_to_first_token(
            self.step(running), self.prefill, self.parameters, prefill_utilisation=busy
        )
        return float(mean) * self.ttft_p99_over_mean


def latency_target(rules: ServingRules, latency_class: LatencyClass) -> LatencyTarget:
    """Return the default target of a latency class."""
    rule = rules.latency[latency_class]
    return LatencyTarget(
        latency_class=latency_class,
        ttft_seconds=float(rule.ttft_p99_seconds.value),
        tpot_seconds=float(rule.tpot_seconds.value),
        max_utilisation=float(rule.max_utilisation.value),
    )


def estimate_replica_capacity(  # noqa: PLR0913 - each is one independent choice of the deployment
    model: OpenWeights,
    gpu: GpuSpec,
    *,
    tensor_parallel: int,
    quantization: Quantization,
    shape: TokenShape,
    target: LatencyTarget,
    parameters: RooflineParameters,
    rules: ServingRules,
) -> ReplicaCapacity | DoesNotFit:
    """Return what one replica of `tensor_parallel` GPUs sustains under the target, or why it cannot serve.

    The median estimate is corrected by the bias that cross-validation found, and derated for tensor
    parallelism over PCIe and for weight-only quantization.
    """
    weights = model.weights.get(quantization)
    if weights is None:
        return DoesNotFit(reason=f"{model.name} is not published in {quantization}")
    memory = fit_memory(
        model, weights, gpu, tensor_parallel=tensor_parallel, quantization=quantization, shape=shape, rules=rules
    )
    if (reason := memory_reason(model, gpu, tensor_parallel, memory, shape)) is not None:
        return reason
    load = _Load(
        machine=build_replica(model, weights, quantization, gpu, tensor_parallel, rules),
        parameters=_derated(parameters, gpu, quantization, rules),
        shape=shape,
        ttft_p99_over_mean=float(rules.engine.ttft_p99_over_mean.value),
    )
    running, limit = _most_running(load, target, memory, _engine_limit(gpu, rules))
    if running == 0:
        return DoesNotFit(reason=_too_slow(model, gpu, tensor_parallel, load, target), memory=memory)
    raw = load.rate(running) * target.max_utilisation
    operating = _largest(lambda n: load.rate(n) <= raw, high=running)
    band = parameters.bands[_band_name(model, gpu)]
    rate = raw * band.p50 * _link_derate(gpu, tensor_parallel, rules)
    return ReplicaCapacity(
        quantization=quantization,
        huggingface_id=weights.huggingface_id,
        tensor_parallel=tensor_parallel,
        requests_per_second=rate,
        input_tokens_per_second=rate * shape.input_tokens,
        output_tokens_per_second=rate * shape.output_tokens,
        limit=limit,
        running_requests=operating,
        tpot_seconds=load.tpot(operating),
        ttft_p99_seconds=load.ttft_p99(operating),
        capacity_p10=band.p10 / band.p50 * _concurrency_derate(operating, parameters, rules),
        capacity_p90=band.p90 / band.p50,
        validated=gpu.validated,
        memory=memory,
    )


def best_replica(  # noqa: PLR0913 - each is one independent choice of the deployment
    model: OpenWeights,
    gpu: GpuSpec,
    gpu_count: int,
    *,
    shape: TokenShape,
    target: LatencyTarget,
    parameters: RooflineParameters,
    rules: ServingRules,
) -> ReplicaLayout | DoesNotFit:
    """Return the quantization and tensor parallelism that serve most on one instance, or what is missing.

    Fractional GPUs count as none.
    """
    layouts: list[ReplicaLayout] = []
    failures = [DoesNotFit(reason=f"the instance has no whole {gpu.ec2_name} GPU")] if gpu_count < 1 else []
    for tensor_parallel in (size for size in TENSOR_PARALLEL_SIZES if size <= gpu_count):
        for quantization in model.weights:
            outcome = estimate_replica_capacity(
                model,
                gpu,
                tensor_parallel=tensor_parallel,
                quantization=quantization,
                shape=shape,
                target=target,
                parameters=parameters,
                rules=rules,
            )
            if isinstance(outcome, DoesNotFit):
                failures.append(outcome)
            else:
                layouts.append(_layout(outcome, gpu_count))
    if layouts:
        return max(layouts, key=lambda layout: layout.requests_per_second)
    return min(failures, key=lambda failure: failure.missing_gib)


def instances_needed(
    busy_requests_per_second: float, per_instance_requests_per_second: float, *, minimum: int, spare: int
) -> int:
    """Return the whole instances that serve the busy rate, at least `minimum`, plus `spare`.

    Args:
        busy_requests_per_second: Demand in the busiest time that must be served.
        per_instance_requests_per_second: Sustainable rate of one instance, utilisation cap included.
        minimum: Instances that run whatever the demand.
        spare: Instances beyond what the demand needs (N+1).

    Raises:
        ConfigError: A rate is not finite, the demand is negative or the capacity is not above zero.
    """
    demand, capacity = np.array([busy_requests_per_second]), np.array([per_instance_requests_per_second])
    return int(instances_needed_array(demand, capacity, minimum=minimum, spare=spare)[0])


def instances_needed_array(
    demand: NDArray[np.float64], capacity: NDArray[np.float64], *, minimum: int, spare: int
) -> NDArray[np.int64]:
    """Return `instances_needed` for every draw of demand and capacity; the arrays broadcast.

    Raises:
        ConfigError: A rate is not finite, a demand is negative or a capacity is not above zero.
    """
    _require_each(demand, np.isfinite(demand) & (demand >= 0), "busy_requests_per_second")
    _require_each(capacity, np.isfinite(capacity) & (capacity > 0), "per_instance_requests_per_second")
    exact = np.ceil(demand / capacity * (1 - ROUNDING)).astype(np.int64)
    return np.asarray(np.maximum(exact, minimum) + spare, dtype=np.int64)


def _require_each(values: NDArray[np.float64], holds: NDArray[np.bool_], what: str) -> None:
    require(bool(np.all(holds)), what, values[~holds].flat[0] if not np.all(holds) else None)


def _too_slow(model: OpenWeights, gpu: GpuSpec, tensor_parallel: int, load: _Load, target: LatencyTarget) -> str:
    figures = f"TPOT {load.tpot(IDLE):.3f} s, TTFT p99 {load.ttft_p99(IDLE):.2f} s"
    wanted = f"{target.tpot_seconds:.3f} s and {target.ttft_seconds:.2f} s"
    where = f"{model.name} on {tensor_parallel} x {gpu.ec2_name}"
    return f"{where} is too slow even when idle: {figures}, not {wanted}"


def _engine_limit(gpu: GpuSpec, rules: ServingRules) -> float:
    large = gpu.memory_gib >= float(rules.engine.large_gpu_memory_gib.value) and gpu.ec2_name != "A100"
    return float((rules.engine.max_num_seqs_large_gpu if large else rules.engine.max_num_seqs_small_gpu).value)


def _most_running(load: _Load, target: LatencyTarget, memory: MemoryFit, engine_limit: float) -> tuple[float, Limit]:
    """Return the most requests in flight that every limit allows, and which limit that is; 0 for none."""
    highest = {Limit.THROUGHPUT: engine_limit, Limit.KV_MEMORY: memory.concurrent_requests}
    ceiling = min(highest.values())
    highest[Limit.TPOT] = _largest(lambda n: load.tpot(n) <= target.tpot_seconds, high=ceiling)
    highest[Limit.TTFT] = _largest(lambda n: load.ttft_p99(n) <= target.ttft_seconds, high=ceiling)
    limit = min(highest, key=lambda name: highest[name])
    return highest[limit], limit


def _largest(holds: Callable[[float], bool], *, high: float) -> float:
    """Return the largest number up to `high` for which a monotone condition holds.

    It is 0 where the condition fails on an idle replica.
    """
    if holds(high):
        return high
    if not holds(IDLE):
        return 0.0
    low = IDLE
    for _ in range(BISECTION_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _derated(
    parameters: RooflineParameters, gpu: GpuSpec, quantization: Quantization, rules: ServingRules
) -> RooflineParameters:
    """Return the parameters with compute derated where weights are expanded before each multiplication.

    MXFP4 on GPUs with FP8 cores is measured, so that its cost is in the fit.
    """
    native = quantization is Quantization.BF16 or (quantization is not Quantization.INT4 and gpu.fp8_dense_tflops)
    if native:
        return parameters
    factor = float(rules.engine.weight_only_quantization_derate.value)
    return msgspec.structs.replace(
        parameters,
        decode_efficiency=parameters.decode_efficiency * factor,
        prefill_efficiency=parameters.prefill_efficiency * factor,
    )


def _link_derate(gpu: GpuSpec, tensor_parallel: int, rules: ServingRules) -> float:
    over_pcie = gpu.gpu_link == "pcie" and tensor_parallel > 1
    return float(rules.engine.pcie_tensor_parallel_derate.value) if over_pcie else 1.0


def _concurrency_derate(running: float, parameters: RooflineParameters, rules: ServingRules) -> float:
    """Return how much lower the 10th percentile lies beyond the measured concurrency, linear in its logarithm."""
    rule = rules.engine
    span = math.log(float(rule.max_num_seqs_large_gpu.value) / parameters.largest_measured_concurrency)
    beyond = max(math.log(max(running, 1.0) / parameters.largest_measured_concurrency), 0.0)
    return 1 - (1 - float(rule.unmeasured_concurrency_derate.value)) * beyond / span


def _band_name(model: OpenWeights, gpu: GpuSpec) -> str:
    kind = "mixture" if model.is_mixture_of_experts else "dense"
    return f"{kind}_{'validated' if gpu.validated else 'unvalidated'}"


def _layout(replica: ReplicaCapacity, gpu_count: int) -> ReplicaLayout:
    replicas = gpu_count // replica.tensor_parallel
    return ReplicaLayout(
        replica=replica,
        replicas_per_instance=replicas,
        requests_per_second=replicas * replica.requests_per_second,
    )
