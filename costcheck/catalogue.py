"""What the kit knows of GPUs, open-weights models and serving, with source and date."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal

import msgspec

from costcheck.errors import ConfigError
from costcheck.facts import Fact, Typed, data_file, read_data_toml
from costcheck.units import MIB_PER_GIB


class Quantization(StrEnum):
    """Format of the stored weights."""

    BF16 = "bf16"
    FP8 = "fp8"
    MXFP4 = "mxfp4"
    NVFP4 = "nvfp4"
    INT4 = "int4"


class LatencyClass(StrEnum):
    """How long the user of a workload can wait."""

    INTERACTIVE = "interactive"
    RELAXED = "relaxed"
    BATCH = "batch"


class GpuSpec(Typed, frozen=True, kw_only=True):
    """One GPU as its maker and EC2 describe it.

    Attributes:
        ec2_name: `GpuInfo.Gpus[].Name` of EC2 DescribeInstanceTypes; two sizes of one GPU share it.
        memory_mib: `GpuInfo.Gpus[].MemoryInfo.SizeInMiB` of one GPU.
        memory_bandwidth_gb_per_second: Peak, decimal gigabytes.
        bf16_dense_tflops: Tensor throughput without sparsity.
        fp8_dense_tflops: None where the GPU has no FP8 tensor cores: then FP8 saves memory only.
        fp4_dense_tflops: None where it has no FP4 tensor cores.
        gpu_link: What joins the GPUs of one instance.
        link_gb_per_second: One direction, per GPU.
        validated: Whether the fit of the roofline saw measurements of this GPU.
    """

    ec2_name: str
    memory_mib: int
    memory_bandwidth_gb_per_second: float
    bf16_dense_tflops: float
    fp8_dense_tflops: float | None = None
    fp4_dense_tflops: float | None = None
    gpu_link: Literal["nvlink", "pcie"]
    link_gb_per_second: float
    validated: bool
    source_url: str
    checked: date
    note: str = ""

    @property
    def memory_gib(self) -> float:
        """Return the memory of one GPU in GiB."""
        return self.memory_mib / MIB_PER_GIB


class Weights(Typed, frozen=True, kw_only=True):
    """One published checkpoint of a model.

    Attributes:
        weight_gib: All weights.
        expert_weight_gib: The part that only the routed experts hold; 0 for dense models.
        huggingface_id: The checkpoint.
    """

    weight_gib: float
    expert_weight_gib: float = 0.0
    huggingface_id: str


class ManagedApi(Typed, frozen=True, kw_only=True):
    """A managed API that sells the same weights, in genai-prices' words.

    Attributes:
        in_region_aws: The provider is Amazon Bedrock, so that the data can stay in an AWS region.
    """

    provider_id: str
    model_id: str
    in_region_aws: bool = False


class OpenWeights(Typed, frozen=True, kw_only=True):
    """One open-weights model: its architecture, licence, checkpoints and resellers.

    Attributes:
        total_parameters_billion: All parameters.
        active_parameters_billion: Parameters that one token passes through.
        expert_count: Routed experts of one layer; 0 for dense models.
        sliding_window_tokens: Context that a sliding-window layer keeps; 0 where there are none.
        sliding_window_layer_count: How many of the layers slide.
        context_limit_tokens: Longest prompt plus completion.
        licence_limits: What the licence forbids or asks for, empty for none beyond attribution.
        weights: Published checkpoints by quantization.
    """

    name: str
    huggingface_id: str
    total_parameters_billion: float
    active_parameters_billion: float
    layer_count: int
    hidden_size: int
    attention_head_count: int
    kv_head_count: int
    head_dim: int
    expert_count: int = 0
    experts_per_token: int = 0
    sliding_window_tokens: int = 0
    sliding_window_layer_count: int = 0
    context_limit_tokens: int
    licence: str
    licence_url: str
    licence_limits: str
    source_url: str
    checked: date
    note: str = ""
    weights: dict[Quantization, Weights]
    managed_apis: tuple[ManagedApi, ...] = ()

    @property
    def is_mixture_of_experts(self) -> bool:
        """Return whether only some of the parameters serve one token."""
        return self.expert_count > 0


class LatencyRules(Typed, frozen=True, kw_only=True):
    """What one latency class asks for.

    Attributes:
        ttft_p99_seconds: Longest time to first token, 99th percentile.
        tpot_seconds: Longest mean time per output token.
        max_utilisation: Highest busy share of the sustainable rate.
        mlperf_derate: Server over Offline throughput in MLPerf: a check on the model, not an input.
    """

    ttft_p99_seconds: Fact
    tpot_seconds: Fact
    max_utilisation: Fact
    mlperf_derate: Fact | None = None


class MemoryRules(Typed, frozen=True, kw_only=True):
    """What a serving engine keeps for itself."""

    gpu_memory_utilization: Fact
    overhead_gib_per_gpu: Fact
    kv_bytes_per_element: Fact
    mean_output_share_in_cache: Fact


class EngineRules(Typed, frozen=True, kw_only=True):
    """What bounds a serving engine besides the hardware."""

    max_num_seqs_large_gpu: Fact
    max_num_seqs_small_gpu: Fact
    large_gpu_memory_gib: Fact
    ttft_p99_over_mean: Fact
    pcie_tensor_parallel_derate: Fact
    weight_only_quantization_derate: Fact
    unmeasured_concurrency_derate: Fact


class FleetRules(Typed, frozen=True, kw_only=True):
    """What a fleet needs besides throughput."""

    minimum_replicas: Fact
    spare_replicas_sensitive: Fact


class ServingRules(Typed, frozen=True, kw_only=True):
    """Every disputable number of capacity planning."""

    latency: dict[LatencyClass, LatencyRules]
    memory: MemoryRules
    engine: EngineRules
    fleet: FleetRules


class ErrorBand(Typed, frozen=True, kw_only=True):
    """Measured over predicted throughput, out of sample.

    Attributes:
        p10: A tenth of the measurements stayed below this multiple of the prediction.
        p50: Median; the bias that capacity estimates are corrected by.
        p90: A tenth went above it.
        sample_count: Measurements behind it, 0 where it was widened by rule.
        source_count: Independent sources behind it.
    """

    p10: float
    p50: float
    p90: float
    sample_count: int
    source_count: int


class Accuracy(Typed, frozen=True, kw_only=True):
    """Absolute relative error of predicted throughput, every source counting the same."""

    in_sample: float
    leave_one_source_out: float
    leave_one_gpu_out: float


class RooflineParameters(Typed, frozen=True, kw_only=True):
    """Fitted parameters of the roofline (see `costcheck.model.roofline`) and how far they can be trusted.

    Attributes:
        largest_measured_concurrency: Most sequences in flight in any measurement of vLLM.
        engine_factors: Measured speed of other engines relative to vLLM, which capacity is estimated for.
        bandwidth_efficiency: Share of peak memory bandwidth reached when reading weights.
        kv_bandwidth_efficiency: The same when reading the KV cache.
        decode_efficiency: Share of peak BF16 compute reached in decoding.
        prefill_efficiency: The same in prefill.
        low_precision_gain: How much of FP8's or FP4's extra compute arrives, 0 (none) to 1 (all).
        layer_seconds: Fixed time of one layer in one step.
        sequence_seconds: Time of one sequence in one step (scheduling, sampling).
        all_reduce_seconds: Fixed time of one all-reduce.
        mixture_efficiency: Speed of routed experts relative to dense layers.
        first_token_seconds: Fixed part of the time to first token: HTTP, tokenizer, scheduling.
        median_absolute_error: By class (`dense`, `mixture`).
        bands: By class and GPU (`dense_validated`, `dense_unvalidated`, `mixture_validated`, ...).
        time_to_first_token_band: Measured over predicted median TTFT under light load, in sample.
    """

    fitted_on: date
    input_file: str
    input_sha256: str
    sample_count: int
    largest_measured_concurrency: float
    engine_factors: dict[str, float]
    bandwidth_efficiency: float
    kv_bandwidth_efficiency: float
    decode_efficiency: float
    prefill_efficiency: float
    low_precision_gain: float
    layer_seconds: float
    sequence_seconds: float
    all_reduce_seconds: float
    mixture_efficiency: float
    first_token_seconds: float
    median_absolute_error: dict[str, Accuracy]
    bands: dict[str, ErrorBand]
    time_to_first_token_band: ErrorBand
    notes: tuple[str, ...] = ()


class _GpuFile(Typed, frozen=True, kw_only=True):
    gpu: dict[str, GpuSpec]


class _OpenWeightsFile(Typed, frozen=True, kw_only=True):
    model: dict[str, OpenWeights]


def load_gpus() -> dict[str, GpuSpec]:
    """Return every GPU of the catalogue by its own name (`L40S`, `A100-40GB`).

    Raises:
        ConfigError: `data/gpus.toml` does not have that shape.
    """
    return read_data_toml("gpus.toml", _GpuFile).gpu


def find_gpu(gpus: Mapping[str, GpuSpec], ec2_name: str, memory_gib: Decimal) -> GpuSpec | None:
    """Return the GPU that EC2 calls `ec2_name` with that memory, None where the catalogue has none.

    EC2 gives one name to A100s of 40 and of 80 GB, so that the memory decides.
    """
    matches = [gpu for gpu in gpus.values() if gpu.ec2_name == ec2_name]
    return next((gpu for gpu in matches if abs(gpu.memory_gib - float(memory_gib)) < 1), None)


def load_open_weights() -> dict[str, OpenWeights]:
    """Return every open-weights model of the catalogue by its short name (`llama-3.1-8b`).

    Raises:
        ConfigError: `data/open_weights.toml` does not have that shape.
    """
    return read_data_toml("open_weights.toml", _OpenWeightsFile).model


def load_serving_rules() -> ServingRules:
    """Return the rules of capacity planning.

    Raises:
        ConfigError: `data/serving_rules.toml` does not have that shape.
    """
    return read_data_toml("serving_rules.toml", ServingRules)


def load_roofline() -> RooflineParameters:
    """Return the fitted roofline that `scripts/fit_roofline.py` wrote.

    Raises:
        ConfigError: `data/roofline_parameters.json` does not have that shape.
    """
    name = "roofline_parameters.json"
    try:
        return msgspec.json.decode(data_file(name).read_bytes(), type=RooflineParameters)
    except msgspec.DecodeError as exc:
        message = f"{name}: {exc}"
        raise ConfigError(
            message, expected="what scripts/fit_roofline.py writes", action="run it again and commit the file"
        ) from exc
