"""Measure the speeds that the README claims: run `make bench`.

Each command runs as a whole process, several times, beside a floor taken in the same run: an interpreter that starts
and does nothing. The simulation runs in this process on the sample company's plans.
"""

import itertools
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from costcheck.cli.records import read_inputs
from costcheck.decision.evaluation import Evaluator
from costcheck.decision.inputs import DecisionInputs
from costcheck.decision.reading import Reader, Reading
from costcheck.model.draws import build_draws, draw_uniforms, factor_names
from costcheck.model.simulation import simulate_plan

RUNS = 7
DRAWS, MONTHS, OPTIONS = 100_000, 12, 30
COMMAND = str(Path(sys.executable).with_name("costcheck"))


def main() -> None:
    """Print minimum, median and maximum of each figure, in seconds, with its limit."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        subprocess.run([COMMAND, "demo", "--dir", folder], check=True, capture_output=True)
        inputs = read_inputs(next((where / "runbooks/decisions").glob("*.inputs.json")))
        decide = [COMMAND, "decide", "--as-of", "2026-08-01", "--config", "costcheck.toml"]
        rows = [
            ("floor: python -c pass", None, processes([sys.executable, "-c", "pass"], where)),
            ("costcheck --help", 0.3, processes([COMMAND, "--help"], where)),
            ("costcheck decide, sample company", 3.0, processes(decide, where)),
            (f"{DRAWS:,} draws x {MONTHS} months x {OPTIONS} options", 2.0, simulations(inputs)),
        ]
    print(f"{platform.machine()}, Python {platform.python_version()}, {RUNS} runs each; seconds")
    for name, limit, seconds in rows:
        figures = {"min": min(seconds), "median": statistics.median(seconds), "max": max(seconds), "limit": limit}
        print(f"{name:50} {json.dumps({key: value and round(value, 3) for key, value in figures.items()})}")


def processes(command: list[str], folder: Path) -> list[float]:
    """Return the seconds that each run of a command took."""
    return timed(lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True))


def simulations(inputs: DecisionInputs) -> list[float]:
    """Return the seconds that each simulation of all options took, its draws included."""
    reader = Reader(inputs=inputs, evaluator=Evaluator.of(inputs))
    found = reader.evaluate(Reading(take_quality_for_granted=True, only_buyable=True)).plans
    plans = [result.plan for result in itertools.islice(itertools.cycle(found), OPTIONS)]

    def simulate() -> None:
        uniforms = draw_uniforms(factor_names(inputs.demands), DRAWS, inputs.seed)
        draws = build_draws(uniforms, inputs.demands, inputs.assumptions, inputs.thresholds, MONTHS)
        for plan in plans:
            simulate_plan(plan, draws, reader.evaluator.outage)

    return timed(simulate)


def timed(run: Callable[[], object]) -> list[float]:
    """Return the seconds of each of the runs."""
    seconds = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begun)
    return seconds


if __name__ == "__main__":
    main()
