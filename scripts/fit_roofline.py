"""Fit the roofline of `costcheck.model.roofline` on public measurements.

    python scripts/fit_roofline.py            fit, cross-validate, write costcheck/data/roofline_parameters.json
    python scripts/fit_roofline.py --check    fit, cross-validate, compare with that file; 1 if it differs

Nine physical parameters and one speed factor for each engine family, on the log-ratio of measured to
predicted throughput, with a soft-L1 loss and weak priors. Every source weighs as the square root of its
number of rows; engines before 2025 weigh a quarter. Trust comes from leaving one source, then one GPU, out.

The fit is deterministic (fixed start, no random numbers), so that the digest of the measurements and this
file fix the result; --check allows for the last digits of another linear-algebra library.
"""

import argparse
import dataclasses
import hashlib
import math
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
from measured_serving import MEASUREMENTS, Observation, read_observations
from numpy.typing import NDArray
from scipy.optimize import least_squares  # type: ignore[import-untyped]  # its stubs are no dependency yet

from costcheck.catalogue import Accuracy, ErrorBand, RooflineParameters
from costcheck.model import roofline

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "costcheck" / "data" / "roofline_parameters.json"
FITTED_ON = date(2026, 11, 23)
OLD_ENGINE_WEIGHT = 0.25
LOSS_SCALE = 0.2
ENGINE_PRIOR_SIGMA = 0.2
FIRST_TOKEN_CLIENTS = 8
RELATIVE_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Table:
    """Observations as columns."""

    rows: tuple[Observation, ...]
    machine: roofline.Machine
    running: NDArray[np.float64]
    input_tokens: NDArray[np.float64]
    output_tokens: NDArray[np.float64]
    measured: NDArray[np.float64]
    weight: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Free:
    """One fitted parameter: where it starts and where it may go."""

    start: float
    low: float
    high: float


FREE = {
    # No kernel reads faster than about 0.9 of peak. Without that bound the fixed times take over what
    # bandwidth costs, and GPUs with little bandwidth come out too fast.
    "bandwidth_efficiency": Free(0.75, 0.3, 0.9),
    "kv_bandwidth_efficiency": Free(0.6, 0.1, 0.9),
    "decode_efficiency": Free(0.5, 0.1, 1.0),
    "prefill_efficiency": Free(0.5, 0.1, 1.0),
    "low_precision_gain": Free(0.7, 0.05, 1.0),
    "layer_seconds": Free(2e-5, 1e-6, 2e-4),
    "sequence_seconds": Free(1e-5, 1e-7, 2e-4),
    "all_reduce_seconds": Free(1e-5, 1e-6, 1e-4),
    "mixture_efficiency": Free(0.6, 0.1, 1.0),
}


def build_table(rows: Sequence[Observation]) -> Table:
    """Return observations as columns with their weights."""
    counts = Counter(row.source for row in rows)
    weight = [_recency(row) / np.sqrt(counts[row.source]) for row in rows]
    fields = [field.name for field in dataclasses.fields(roofline.Machine)]
    columns = {name: np.array([getattr(row.machine, name) for row in rows], dtype=float) for name in fields}
    return Table(
        tuple(rows),
        roofline.Machine(**columns),
        np.array([row.running for row in rows]),
        np.array([row.input_tokens for row in rows]),
        np.array([row.output_tokens for row in rows]),
        np.array([row.requests_per_second for row in rows]),
        np.array(weight) / np.sum(weight) * len(rows),
    )


def _recency(row: Observation) -> float:
    return OLD_ENGINE_WEIGHT if row.source in {"argonne_2024", "mlperf_v4.1"} else 1.0


def predict(table: Table, parameters: RooflineParameters) -> NDArray[np.float64]:
    """Return the predicted requests per second of every row, engine factors apart."""
    context = table.input_tokens + table.output_tokens / 2
    step = roofline.decode_step_seconds(table.machine, parameters, running=table.running, context_tokens=context)
    prefill = roofline.prefill_seconds(table.machine, parameters, input_tokens=table.input_tokens)
    return np.asarray(
        roofline.closed_loop_requests_per_second(
            step, prefill, running=table.running, output_tokens=table.output_tokens
        )
    )


def fit(table: Table) -> tuple[RooflineParameters, dict[str, float]]:
    """Return the parameters and the speed factor of each engine family, `vllm` being 1."""
    engines = sorted({row.engine for row in table.rows} - {"vllm"})
    index = np.array([engines.index(row.engine) if row.engine != "vllm" else len(engines) for row in table.rows])
    root_weight = np.sqrt(table.weight)

    def residuals(vector: NDArray[np.float64]) -> NDArray[np.float64]:
        factors = np.append(vector[len(FREE) :], 0.0)
        ratio = np.log(table.measured) - np.log(predict(table, _parameters(vector))) - factors[index]
        return np.concatenate([root_weight * ratio, vector[len(FREE) :] / ENGINE_PRIOR_SIGMA * LOSS_SCALE])

    start = np.concatenate([np.log([f.start for f in FREE.values()]), np.zeros(len(engines))])
    low = np.concatenate([np.log([f.low for f in FREE.values()]), np.full(len(engines), -2.0)])
    high = np.concatenate([np.log([f.high for f in FREE.values()]), np.full(len(engines), 2.0)])
    result = least_squares(residuals, start, bounds=(low, high), loss="soft_l1", f_scale=LOSS_SCALE, max_nfev=200)
    factors = dict(zip(engines, np.exp(result.x[len(FREE) :]).tolist(), strict=True))
    return _parameters(result.x), factors


_NO_BAND = ErrorBand(p10=1.0, p50=1.0, p90=1.0, sample_count=0, source_count=0)
_BLANK = RooflineParameters(
    fitted_on=FITTED_ON,
    input_file=MEASUREMENTS.name,
    input_sha256="",
    sample_count=0,
    largest_measured_concurrency=0.0,
    engine_factors={},
    bandwidth_efficiency=1.0,
    kv_bandwidth_efficiency=1.0,
    decode_efficiency=1.0,
    prefill_efficiency=1.0,
    low_precision_gain=1.0,
    layer_seconds=0.0,
    sequence_seconds=0.0,
    all_reduce_seconds=0.0,
    mixture_efficiency=1.0,
    first_token_seconds=0.0,
    median_absolute_error={},
    bands={},
    time_to_first_token_band=_NO_BAND,
)


def _parameters(vector: NDArray[np.float64]) -> RooflineParameters:
    values = {name: float(np.exp(x)) for name, x in zip(FREE, vector, strict=False)}
    return msgspec.structs.replace(_BLANK, **values)


def ratios(
    rows: Sequence[Observation], parameters: RooflineParameters, engines: dict[str, float]
) -> NDArray[np.float64]:
    """Return measured over predicted throughput; an engine family that the fit never saw has factor 1."""
    table = build_table(rows)
    factors = np.array([engines.get(row.engine, 1.0) for row in rows])
    return np.asarray(table.measured / (predict(table, parameters) * factors))


def leave_one_out(rows: Sequence[Observation], group: Callable[[Observation], str]) -> NDArray[np.float64]:
    """Return for every row the ratio under a fit that saw nothing of its group."""
    result = np.full(len(rows), np.nan)
    for name in sorted({group(row) for row in rows}):
        inside = np.array([group(row) == name for row in rows])
        parameters, engines = fit(build_table([row for row in rows if group(row) != name]))
        result[inside] = ratios([row for row in rows if group(row) == name], parameters, engines)
    return result


def weighted_quantile(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    """Return the value below which that share of the weight lies."""
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order]) / np.sum(weights)
    position = min(int(np.searchsorted(cumulative, share)), len(values) - 1)
    return float(values[order][position])


def _band(rows: Sequence[Observation], values: NDArray[np.float64], mask: NDArray[np.bool_]) -> ErrorBand:
    weights = build_table(rows).weight[mask]
    p10, p50, p90 = (weighted_quantile(values[mask], weights, share) for share in (0.1, 0.5, 0.9))
    sources = {row.source for row, kept in zip(rows, mask, strict=True) if kept}
    return ErrorBand(p10=p10, p50=p50, p90=p90, sample_count=int(mask.sum()), source_count=len(sources))


def _combined(first: ErrorBand, second: ErrorBand) -> ErrorBand:
    """Return both errors together, as if independent.

    Their log-widths add in quadrature; the lower median stands.
    """
    p50 = min(first.p50, second.p50)
    down = np.hypot(np.log(first.p50 / first.p10), np.log(second.p50 / second.p10))
    up = np.hypot(np.log(first.p90 / first.p50), np.log(second.p90 / second.p50))
    return ErrorBand(
        p10=p50 * float(np.exp(-down)),
        p50=p50,
        p90=p50 * float(np.exp(up)),
        sample_count=first.sample_count + second.sample_count,
        source_count=max(first.source_count, second.source_count),
    )


def _median_error(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    return weighted_quantile(np.abs(1 / values - 1), weights, 0.5)


def first_token(rows: Sequence[Observation], parameters: RooflineParameters) -> tuple[float, ErrorBand]:
    """Return the fixed part of the time to first token, and measured over predicted with it.

    Only loops of few clients count: with many, the median tells how the benchmark started, not the replica.
    """
    kept = [row for row in rows if row.ttft_seconds is not None and row.running <= FIRST_TOKEN_CLIENTS]
    table = build_table(kept)
    prefill = roofline.prefill_seconds(table.machine, parameters, input_tokens=table.input_tokens)
    context = table.input_tokens + table.output_tokens / 2
    step = roofline.decode_step_seconds(table.machine, parameters, running=table.running, context_tokens=context)
    busy = np.minimum(predict(table, parameters) * prefill, 0.95)
    modelled = np.asarray(
        roofline.time_to_first_token(step, prefill, parameters, prefill_utilisation=busy), dtype=float
    )
    measured = np.array([row.ttft_seconds for row in kept], dtype=float)
    fixed = max(weighted_quantile(measured - modelled, table.weight, 0.5), 0.0)
    return fixed, _band(kept, measured / (modelled + fixed), np.ones(len(kept), dtype=bool))


def cross_validate(rows: Sequence[Observation]) -> RooflineParameters:
    """Return the fit on everything with the errors that it makes on what it has not seen."""
    table = build_table(rows)
    parameters, engines = fit(table)
    seen = ratios(rows, parameters, engines)
    by_source = leave_one_out(rows, lambda row: row.source)
    by_gpu = leave_one_out(rows, lambda row: row.gpu)
    serving = np.array([_recency(row) == 1.0 and not row.source.startswith("mlperf") for row in rows])
    first_token_seconds, first_token_band = first_token(rows, parameters)
    errors: dict[str, Accuracy] = {}
    bands: dict[str, ErrorBand] = {}
    for name, wanted in (("dense", False), ("mixture", True)):
        chosen = np.array([row.mixture is wanted for row in rows])
        recent = chosen & serving
        errors[name] = Accuracy(
            in_sample=_median_error(seen[recent], table.weight[recent]),
            leave_one_source_out=_median_error(by_source[recent], table.weight[recent]),
            leave_one_gpu_out=_median_error(by_gpu[chosen], table.weight[chosen]),
        )
        bands[f"{name}_validated"] = _band(rows, by_source, recent)
        bands[f"{name}_unvalidated"] = _combined(bands[f"{name}_validated"], _band(rows, by_gpu, chosen))
    return msgspec.structs.replace(
        parameters,
        sample_count=len(rows),
        largest_measured_concurrency=max(row.running for row in rows if row.engine == "vllm"),
        engine_factors=engines,
        median_absolute_error=errors,
        bands=bands,
        first_token_seconds=first_token_seconds,
        time_to_first_token_band=first_token_band,
    )


def refit(measurements: Path = MEASUREMENTS) -> RooflineParameters:
    """Return the fit of a measurements file, errors and input digest included."""
    rows, left_out = read_observations(measurements)
    notes = [f"{count} rows left out: {reason}" for reason, count in sorted(left_out.items()) if count]
    digest = hashlib.sha256(measurements.read_bytes()).hexdigest()
    return msgspec.structs.replace(cross_validate(rows), input_sha256=digest, notes=tuple(notes))


def differences(committed: object, fresh: object, path: str = "") -> list[str]:
    """Return the keys at which two decoded JSON documents differ by more than rounding."""
    if isinstance(committed, dict) and isinstance(fresh, dict):
        keys = sorted(committed.keys() | fresh.keys())
        return [d for k in keys for d in differences(committed.get(k), fresh.get(k), f"{path}.{k}")]
    if isinstance(committed, float | int) and isinstance(fresh, float | int):
        same = math.isclose(committed, fresh, rel_tol=RELATIVE_TOLERANCE)
    else:
        same = committed == fresh
    return [] if same else [f"{path}: {committed} is committed, {fresh} is fitted"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when the file was written or agrees, 1 when --check finds a difference."""
    parser = argparse.ArgumentParser(description="Fit the roofline on public measurements.")
    parser.add_argument("--check", action="store_true", help="compare with the committed file, write nothing")
    options = parser.parse_args(arguments)
    fresh = msgspec.json.encode(refit())
    if options.check:
        found = differences(msgspec.json.decode(OUTPUT.read_bytes()), msgspec.json.decode(fresh))
        print("\n".join(found) or f"{OUTPUT.name} is what the measurements give")
        return 1 if found else 0
    OUTPUT.write_bytes(msgspec.json.format(fresh, indent=2) + b"\n")
    print(f"wrote {OUTPUT.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
