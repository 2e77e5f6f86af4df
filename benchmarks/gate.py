"""Measure `costcheck gate` on large plans: run by `make bench`.

Plans are copies of the recorded base stack of this repository (64 resources), each copy with names of its own. The
command runs as a whole process with bundled prices, beside a floor in the same run: an interpreter that only reads
the same JSON. Memory is the peak of the process.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 7
SIZES = (500, 5_000, 10_000, 20_000)
LIMIT_SECONDS = {500: 1.0, 10_000: 5.0}
COMMAND = str(Path(sys.executable).with_name("costcheck"))
RECORDED = Path(__file__).parents[1] / "tests" / "data" / "plans" / "base_create.json"
FLOOR = "import json, sys; json.load(open(sys.argv[1]))"
_URN = re.compile(r'(urn:pulumi:[^"]+)"')


def main() -> None:
    """Print seconds and peak memory for each size, with the floor and the limit."""
    print(f"{RUNS} runs each; median seconds, and MiB at the peak")
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            plan = Path(folder) / f"{size}.json"
            plan.write_text(json.dumps(large_plan(size)))
            command = [COMMAND, "gate", "--plan", str(plan), "--format", "json"]
            seconds, memory_mib = measured(command, folder)
            floor, _ = measured([sys.executable, "-c", FLOOR, str(plan)], folder)
            limit = f", limit {LIMIT_SECONDS[size]} s" if size in LIMIT_SECONDS else ""
            print(
                f"costcheck gate, {size:6,} resources: {seconds:.2f} s, {memory_mib:4.0f} MiB; "
                f"floor {floor:.2f} s{limit}"
            )


def large_plan(size: int) -> dict[str, object]:
    """Return a preview with this many resources."""
    document = json.loads(RECORDED.read_text())
    text = json.dumps(document["steps"])
    copies = -(-size // len(document["steps"]))
    steps = [step for number in range(copies) for step in json.loads(_URN.sub(rf'\1-{number}"', text))]
    return {**document, "steps": steps[:size], "changeSummary": {"create": size}}


def measured(command: list[str], folder: str) -> tuple[float, float]:
    """Return the median seconds of a command and its highest peak of memory in MiB."""
    seconds, peaks = [], []
    for _ in range(RUNS):
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds.append(time.perf_counter() - begun)
        peaks.append(usage.ru_maxrss / 1024)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
    return statistics.median(seconds), max(peaks)


if __name__ == "__main__":
    main()
