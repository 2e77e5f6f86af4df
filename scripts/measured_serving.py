"""Public serving measurements, read into one shape: `scripts/data/measured_serving.csv`.

Rows that cannot be compared are left out and counted by reason, never mended.
"""

import csv
import functools
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from costcheck import catalogue
from costcheck.catalogue import Quantization
from costcheck.model import roofline

MEASUREMENTS = Path(__file__).resolve().parent / "data" / "measured_serving.csv"
QUEUEING_SHARE = 0.5
"""Above this share of a request spent before the first token, a closed loop measured a queue."""
OFFLINE_SEQUENCES = 1024.0
KV_BYTES = {"mlperf_v4.1": 1.0, "mlperf_v5.1": 1.0, "tensorrt_llm_docs": 1.0}
"""Bytes of a KV cache element where it is not 16 bits: NVIDIA's FP8 checkpoints bring an FP8 cache."""
TENSOR_PARALLEL_SIZES = (1, 2, 4, 8)

gpus = functools.cache(catalogue.load_gpus)
open_weights = functools.cache(catalogue.load_open_weights)

GPU_NAMES = {
    "h100_sxm": "H100",
    "H100-80GB": "H100",
    "H100": "H100",
    "h200_sxm": "H200",
    "H200-141GB": "H200",
    "H200": "H200",
    "b200_sxm": "B200",
    "B200": "B200",
    "A100-40GB": "A100-40GB",
    "L40S": "L40S",
}
MODEL_NAMES = {
    "meta-llama/Llama-3.1-8B-Instruct": "llama-3.1-8b",
    "nvidia/Llama-3.1-8B-Instruct-FP8": "llama-3.1-8b",
    "Llama-3.1-8B-Instruct": "llama-3.1-8b",
    "Llama 3.1 8B": "llama-3.1-8b",
    "meta-llama/Meta-Llama-3-8B": "llama-3.1-8b",
    "meta-llama/Llama-3.1-70B": "llama-3.3-70b",
    "meta-llama/Meta-Llama-3-70B": "llama-3.3-70b",
    "Llama-3.3-70b-instruct": "llama-3.3-70b",
    "Llama 3.3 70B": "llama-3.3-70b",
    "Llama-2-70B-chat": "llama-3.3-70b",
    "Llama-3.1-405B-Instruct": "llama-3.1-405b",
    "Llama 3.1 405B": "llama-3.1-405b",
    "Qwen/Qwen3-32B": "qwen3-32b",
    "Qwen3-235B-A22B": "qwen3-235b-a22b",
    "openai/gpt-oss-120b": "gpt-oss-120b",
    "mistralai/Mistral-7B-v0.1": "mistral-7b",
    "mistralai/Mixtral-8x7B-v0.1": "mixtral-8x7b",
}
"""Llama 2 70B has the layers and heads of Llama 3.1 70B; Llama 3 those of Llama 3.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One measured operating point.

    Attributes:
        engine: Family whose speed factor applies; `vllm` is the reference with factor 1.
        running: Sequences kept in flight.
        requests_per_second: Measured, of one replica.
        ttft_seconds: Measured median, None where the source has none.
    """

    source: str
    engine: str
    gpu: str
    machine: roofline.Machine
    mixture: bool
    running: float
    input_tokens: float
    output_tokens: float
    requests_per_second: float
    ttft_seconds: float | None = None


def source_family(source: str) -> str:
    """Return the independent source behind a row: one for each MLPerf round, one for each collection."""
    families = {
        "MLPerf Inference v4.1": "mlperf_v4.1",
        "MLPerf Inference v5.1": "mlperf_v5.1",
        "Argonne": "argonne_2024",
        "NVIDIA NIM": "nim_docs",
        "NVIDIA TensorRT-LLM": "tensorrt_llm_docs",
        "aiconfigurator silicon_sample: InferenceX": "inferencex",
        "aiconfigurator silicon_sample: NVIDIA gap": "nvidia_gap_analysis",
    }
    return next(name for prefix, name in families.items() if source.startswith(prefix))


def engine_family(engine: str, source: str) -> str:
    """Return the group of engines that shares one speed factor."""
    if source.startswith("mlperf"):
        return "mlperf_tuned"
    name = "trtllm" if "tensorrt" in engine.lower() or engine == "trtllm" else engine.lower()
    return f"{name}_2024" if source == "argonne_2024" else name


def read_observations(path: Path) -> tuple[list[Observation], Counter[str]]:
    """Return what can be used of the measurements, and how many rows were left out for which reason."""
    left_out: Counter[str] = Counter()
    observations = []
    for row in _merge_latencies(path):
        outcome = _possible(_observe(row))
        if isinstance(outcome, str):
            left_out[outcome] += 1
        else:
            observations.append(outcome)
    return _without_duplicates(observations, left_out), left_out


def _merge_latencies(path: Path) -> list[dict[str, str]]:
    """Return one row for each operating point: TPOT and TTFT of one run stand together."""
    merged: dict[tuple[str, ...], dict[str, str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = tuple(value for name, value in row.items() if name not in {"metric", "value"})
            merged.setdefault(key, row)[row["metric"]] = row["value"]
    return list(merged.values())


def _observe(row: dict[str, str]) -> Observation | str:
    if row["gpu"] not in GPU_NAMES:
        return "a GPU that no catalogued EC2 type has"
    if row["model"] not in MODEL_NAMES:
        return "a model outside the catalogue"
    if not row["input_tokens"] or not row["output_tokens"] or not row["gpu_count"]:
        return "no token or GPU counts"
    if "silicon_concurrency" in row["notes"] and not _concurrency_is_certain(row):
        return "two different concurrencies for one run"
    if float(row["tp"] or 1) > max(TENSOR_PARALLEL_SIZES):
        return "more GPUs than one instance has"
    return _observe_offline(row) if _is_offline(row) else _observe_loop(row)


def _possible(outcome: Observation | str) -> Observation | str:
    """Return the observation unless it is faster than its weights and cache could be read at peak bandwidth."""
    if isinstance(outcome, str):
        return outcome
    machine, context = outcome.machine, outcome.input_tokens + outcome.output_tokens / 2
    touched = 1 - (1 - machine.expert_share) ** outcome.running
    weights = machine.dense_bytes + machine.expert_bytes * touched
    cache = outcome.running * roofline.kv_cache_bytes(machine, context)
    step = (weights + cache) / (machine.tensor_parallel * machine.bandwidth)
    if outcome.requests_per_second > outcome.running / (outcome.output_tokens * step):
        return "faster than memory can be read: cached prompts, or every token in the same experts"
    return outcome


def _is_offline(row: dict[str, str]) -> bool:
    return not row["concurrency_or_rate"].startswith(("concurrency=", "static batch="))


def _concurrency_is_certain(row: dict[str, str]) -> bool:
    stated = re.search(r"silicon_concurrency=(\d+)", row["notes"])
    return stated is not None and row["concurrency_or_rate"] == f"concurrency={stated[1]}"


def _observe_loop(row: dict[str, str]) -> Observation | str:
    running = float(row["concurrency_or_rate"].split("=")[1])
    machine = _machine(row, int(float(row["tp"])))
    tokens_in, tokens_out = float(row["input_tokens"]), float(row["output_tokens"])
    if running > _kv_limit(machine, row, tokens_in, tokens_out):
        return "more sequences than the KV cache holds"
    ttft = None
    if "total_tok_s" in row:
        rate = float(row["total_tok_s"]) / (tokens_in + tokens_out)
    else:
        ttft = float(row["ttft_ms_p50"]) / 1000
        seconds = ttft + float(row["tpot_ms"]) / 1000 * tokens_out
        if ttft / seconds > QUEUEING_SHARE:
            return "mostly waiting: the engine ran fewer sequences than were sent"
        rate = running / seconds
    return _observation(row, machine, running=running, rate=rate, ttft=ttft)


def _observe_offline(row: dict[str, str]) -> Observation | str:
    if row["concurrency_or_rate"] not in {"Offline", "offline", "offline max (inf rate)"}:
        return "an MLPerf server or interactive result: its load is below saturation"
    tensor_parallel = int(float(row["tp"])) if row["tp"] else _smallest_tensor_parallel(row)
    machine = _machine(row, tensor_parallel)
    tokens_in, tokens_out = float(row["input_tokens"]), float(row["output_tokens"])
    running = min(OFFLINE_SEQUENCES, _kv_limit(machine, row, tokens_in, tokens_out))
    replicas = float(row["gpu_count"]) / tensor_parallel
    rate = float(row["output_tok_s"]) / tokens_out / replicas
    return _observation(row, machine, running=running, rate=rate)


def _observation(
    row: dict[str, str],
    machine: roofline.Machine,
    *,
    running: float,
    rate: float,
    ttft: float | None = None,
) -> Observation:
    source = source_family(row["source"])
    return Observation(
        source=source,
        engine=engine_family(row["engine"], source),
        gpu=GPU_NAMES[row["gpu"]],
        machine=machine,
        mixture=bool(machine.mixture),
        running=running,
        input_tokens=float(row["input_tokens"]),
        output_tokens=float(row["output_tokens"]),
        requests_per_second=rate,
        ttft_seconds=ttft,
    )


def _quantization(row: dict[str, str]) -> Quantization:
    """Return the format of a row.

    Where the gap analysis left it empty, the speed shows BF16; MLPerf uses FP8, and NVFP4 on Blackwell.
    """
    if MODEL_NAMES[row["model"]].startswith("gpt-oss"):
        return Quantization.MXFP4
    if row["quantization"].startswith("not in log"):
        return Quantization.NVFP4 if GPU_NAMES[row["gpu"]] == "B200" else Quantization.FP8
    return {"fp8": Quantization.FP8, "fp4": Quantization.NVFP4}.get(row["quantization"], Quantization.BF16)


def _machine(row: dict[str, str], tensor_parallel: int) -> roofline.Machine:
    model = open_weights()[MODEL_NAMES[row["model"]]]
    quantization = _quantization(row)
    gpu = gpus()[GPU_NAMES[row["gpu"]]]
    weights = model.weights.get(quantization) or _benchmark_weights(model, quantization)
    return roofline.build_machine(
        model,
        weights,
        quantization,
        gpu,
        tensor_parallel=tensor_parallel,
        kv_bytes_per_element=KV_BYTES.get(source_family(row["source"]), 2.0),
    )


def _benchmark_weights(model: catalogue.OpenWeights, quantization: Quantization) -> catalogue.Weights:
    """Return the size of a measured format that the catalogue lacks (4.5 or 8 bits a weight)."""
    share = {Quantization.NVFP4: 4.5 / 16, Quantization.FP8: 8 / 16}[quantization]
    base = model.weights[Quantization.BF16]
    return catalogue.Weights(
        weight_gib=base.weight_gib * share,
        expert_weight_gib=base.expert_weight_gib * share,
        huggingface_id=base.huggingface_id,
    )


def _kv_limit(machine: roofline.Machine, row: dict[str, str], tokens_in: float, tokens_out: float) -> float:
    gib = roofline.BYTES_PER_GIB
    memory = gpus()[GPU_NAMES[row["gpu"]]].memory_gib * gib
    free = (0.9 * memory - 2 * gib) * machine.tensor_parallel - machine.dense_bytes - machine.expert_bytes
    return float(free / roofline.kv_cache_bytes(machine, tokens_in + 0.55 * tokens_out))


def _smallest_tensor_parallel(row: dict[str, str]) -> int:
    """Return the fewest GPUs that hold the weights and some cache: MLPerf logs state no parallelism."""
    gpu = gpus()[GPU_NAMES[row["gpu"]]]
    machine = _machine(row, 1)
    size = float(machine.dense_bytes + machine.expert_bytes) / roofline.BYTES_PER_GIB
    fitting = [tp for tp in TENSOR_PARALLEL_SIZES if 0.9 * tp * gpu.memory_gib > 1.15 * size]
    return fitting[0]


def _without_duplicates(rows: list[Observation], left_out: Counter[str]) -> list[Observation]:
    unique = dict.fromkeys(rows)
    left_out["the same run in two dumps"] += len(rows) - len(unique)
    return list(unique)
