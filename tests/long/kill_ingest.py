"""SIGKILL at random moments of a pull and of imports, then the same command again: the same ledger, to the byte.

    nice python -m tests.long.kill_ingest --runs 1000 --seed 1

Every value is constructed. A worker imports what it needs once and forks, so that a run costs two reads. After each
kill, a bucket of the ledger is as it was before or as it is afterwards, and nothing in between.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from costcheck.ingest import file_source, import_file, import_files, opened_late, pull_months, unsettled
from costcheck.ledger import open_ledger
from costcheck.records import Origin, Provenance
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.registry import FILES, PULLS, find
from costcheck.sources.bills.windows import month_windows
from tests.loopback import serving

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
FIRST, LAST = date(2026, 8, 1), date(2026, 10, 1)
JOBS = ("pull", "csv", "parquet", "folder")
LOG_ROWS = 3000
CALL_FILES, CALLS = 12, 40
"""Invocation logs of the job `folder`, which are read one after the other while the ledger stays open."""
REHEARSALS = 2
HOUR = 3600
WORKER = (sys.executable, "-m", "tests.long.kill_ingest", "--worker")
LOG = """
SELECT 'request-' || row AS request_id, TIMESTAMP '2026-0{edition}-01' + row * INTERVAL 7 MINUTE AS "startTime",
    'gpt-5.4' AS model, CASE WHEN row % 97 = 0 THEN 'x' ELSE ((row + {edition}) * 0.000013)::VARCHAR END AS spend,
    100 + row AS prompt_tokens, 10 + {edition} AS completion_tokens, 'openai' AS custom_llm_provider
FROM range({rows}) AS numbers(row)
"""


class Bill(BaseHTTPRequestHandler):
    """OpenAI's endpoints, two pages an answer; another edition (`/2`) has other amounts of the same rows."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        edition, kind = int(url.path.split("/")[1]), url.path.rpartition("/")[2]
        params = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = json.dumps(page(kind, edition, params)).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def page(kind: str, edition: int, params: dict[str, str]) -> dict[str, Any]:
    """Return one half of what an endpoint has to say between two moments."""
    start, end, second = int(params["start_time"]), int(params["end_time"]), "page" in params
    step = 8 * HOUR if kind == "completions" else 24 * HOUR
    width = HOUR if kind == "completions" else 24 * HOUR
    moments = list(range(start, end, width)) if kind in {"completions", "costs"} else []
    half = moments[len(moments) // 2 :] if second else moments[: len(moments) // 2]
    return {
        "data": [
            {
                "start_time": moment,
                "end_time": moment + width,
                "results": [result(kind, moment, edition)] * (moment % step == 0),
            }
            for moment in half
        ],
        "has_more": not second and bool(moments),
        "next_page": None if second or not moments else "second",
    }


def result(kind: str, moment: int, edition: int) -> dict[str, Any]:
    """Return one row; every eleventh cannot be read."""
    if kind == "costs":
        amount = {"value": f"{moment % 1000}.{edition}", "currency": "usd"}
        return {"amount": amount, "line_item": "gpt-5.4, input", "project_id": "proj_1"}
    tier = "unheard-of" if moment // HOUR % 88 == 0 else "default"
    return {
        "num_model_requests": 3,
        "model": "gpt-5.4",
        "input_tokens": 1000 + edition,
        "output_tokens": moment % 100,
        "service_tier": tier,
    }


def read(job: str, ledger: Path, edition: int, url: str, data: Path) -> None:
    """Do what the command does."""
    if job == "folder":
        provenance = Provenance(source="calls", source_url=job, retrieved_on=NOW.date(), origin=Origin.CONSTRUCTED)
        with opened_late(ledger) as opened:
            for file in sorted((data / str(edition) / "calls").iterdir()):
                import_files(opened, (file,), find(FILES, "bedrock-logs"), provenance)
        return
    if job != "pull":
        source = file_source(data / f"{edition}/log.{job}", "litellm")
        provenance = Provenance(source="litellm", source_url=job, retrieved_on=NOW.date(), origin=Origin.CONSTRUCTED)
        import_file(ledger, data / f"{edition}/log.{job}", source, provenance)
        return
    pull = find(PULLS, "openai")
    windows = unsettled(ledger, pull, month_windows(FIRST, LAST, now=NOW)) if edition == 1 else ()
    options = {"base-url": f"{url}/{edition}", "bucket-width": "1h"}
    request = PullRequest(
        windows=windows or month_windows(FIRST, LAST, now=NOW),
        now=NOW,
        environ={"OPENAI_ADMIN_KEY": "constructed"},
        options=options,
    )
    for _ in pull_months(ledger, pull, request):
        pass


def told(ledger: Path) -> dict[str, str]:
    """Return the digest of each bucket."""
    if not ledger.exists():
        return {}
    with open_ledger(ledger) as opened:
        return {row.x_bucket: row.digest for row in opened.ingests()}


def content(ledger: Path) -> list[str]:
    """Return the export's bytes and the digest of the whole ledger, as text."""
    export = ledger.with_suffix(".csv")
    with open_ledger(ledger, read_only=True) as opened:
        opened.export_focus(export)
        return [export.read_bytes().decode(), opened.digest()]


@dataclass(frozen=True, slots=True)
class Child:
    """One forked process and the pipe that it answers through."""

    pid: int
    pipe: int

    def answer(self) -> Any:  # noqa: ANN401 - whatever the work returned
        """Return what it worked out."""
        with os.fdopen(self.pipe, "rb") as pipe:
            text = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        if status:
            message = f"a child ended with {os.waitstatus_to_exitcode(status)}: {text.decode()}"
            raise AssertionError(message)
        return json.loads(text)

    def is_finished(self) -> bool:
        """Wait for its end and return whether it came to it by itself."""
        os.close(self.pipe)
        _, status = os.waitpid(self.pid, 0)
        assert not os.WIFEXITED(status) or not status, "the child failed by itself"
        return os.WIFEXITED(status)


def fork(work: Callable[[], Any], scratch: Path) -> Child:
    """Start some work in a process of its own, whose temporary files lie in `scratch`."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Child(pid, reading)
    try:
        tempfile.tempdir = str(scratch)
        os.write(writing, json.dumps(work()).encode())
        os._exit(0)
    except BaseException as exc:  # noqa: BLE001 - the parent tells it
        os.write(writing, repr(exc).encode())
        os._exit(1)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A job undisturbed: what the ledger holds before and after, and how long it takes."""

    before: dict[str, str]
    after: dict[str, str]
    content: list[str]
    seconds: float


class Worker:
    """Runs jobs, kills them, runs them again, and counts what it met."""

    def __init__(self, url: str, data: Path, folder: Path) -> None:
        self.url, self.data, self.folder = url, data, folder
        self.met: Counter[str] = Counter()
        self.rehearsed: dict[tuple[str, bool], Rehearsed] = {}

    def run(self, seed: int, numbers: range) -> None:
        """Do the runs of these numbers; a run's seed is the seed and its number."""
        for number in numbers:
            chance = random.Random(f"{seed}:{number}")  # noqa: S311 - a reproducible choice
            self._once(JOBS[number % len(JOBS)], chance.random() < 0.5, chance)
            (self.data / f"met_{numbers.start}.json").write_text(json.dumps(self.met), encoding="utf-8")

    def _once(self, job: str, is_known: bool, chance: random.Random) -> None:  # noqa: FBT001 - a coin
        rehearsed = self._rehearse(job, is_known)
        with self._ledger(job, is_known) as ledger:
            child = fork(lambda: read(job, ledger, 1, self.url, self.data), ledger.parent)
            time.sleep(chance.uniform(0, rehearsed.seconds))
            os.kill(child.pid, signal.SIGKILL)
            self.met["finished before" if child.is_finished() else "killed"] += 1
            self._check_buckets(fork(lambda: told(ledger), ledger.parent).answer(), rehearsed)
            found = shutil.copytree(ledger.parent, self.data / f"found_{os.getpid()}", dirs_exist_ok=True)
            fork(lambda: read(job, ledger, 1, self.url, self.data), ledger.parent).answer()
            shutil.rmtree(found)
            again = fork(lambda: content(ledger), ledger.parent).answer()
            assert again == rehearsed.content, f"{job} after a kill gives another ledger"
            self.met[f"{job}, {'over an older edition' if is_known else 'new ledger'}"] += 1

    def _check_buckets(self, found: dict[str, str], rehearsed: Rehearsed) -> None:
        for bucket in {*found, *rehearsed.before}:
            states = (rehearsed.before.get(bucket), rehearsed.after.get(bucket))
            assert found.get(bucket) in states, f"{bucket} is half of what it was"
        self.met["buckets found changed already"] += sum(
            rehearsed.after.get(bucket) == digest != rehearsed.before.get(bucket) for bucket, digest in found.items()
        )

    def _rehearse(self, job: str, is_known: bool) -> Rehearsed:  # noqa: FBT001 - a coin
        if (job, is_known) not in self.rehearsed:
            times = []
            for _ in range(REHEARSALS):
                with self._ledger(job, is_known) as ledger:
                    before = fork(lambda: told(ledger), ledger.parent).answer()
                    begun = time.monotonic()
                    fork(lambda: read(job, ledger, 1, self.url, self.data), ledger.parent).answer()
                    times.append(time.monotonic() - begun)
                    after = fork(lambda: told(ledger), ledger.parent).answer()
                    text = fork(lambda: content(ledger), ledger.parent).answer()
            self.rehearsed[job, is_known] = Rehearsed(before, after, text, sorted(times)[REHEARSALS // 2])
        return self.rehearsed[job, is_known]

    @contextmanager
    def _ledger(self, job: str, is_known: bool) -> Iterator[Path]:  # noqa: FBT001 - a coin
        """Yield where a ledger is, or will be; one that is there holds an older edition of the bill."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            ledger = Path(folder) / "ledger.duckdb"
            if is_known:
                older = self.folder / f"{job}.duckdb"
                if not older.exists():
                    fork(lambda: read(job, older, 2, self.url, self.data), self.folder).answer()
                shutil.copy(older, ledger)
            yield ledger


def write_logs(folder: Path) -> None:
    """Write both editions of the log as CSV and Parquet; the older one is of another month."""
    import duckdb  # noqa: PLC0415 - before the workers, and never in one that forks

    for edition in (1, 2):
        (folder / str(edition)).mkdir()
        with duckdb.connect() as connection:
            for ending in ("csv", "parquet"):
                query = LOG.format(edition=edition, rows=LOG_ROWS)
                connection.execute(f"COPY ({query}) TO '{folder / str(edition) / f'log.{ending}'}'")


def write_calls(folder: Path) -> None:
    """Write both editions of Bedrock's invocation log, in many files; the older one has other calls."""
    for edition in (1, 2):
        (folder / str(edition) / "calls").mkdir()
        for number in range(CALL_FILES):
            lines = "".join(f"{json.dumps(call(edition, number, row))}\n" for row in range(CALLS))
            (folder / str(edition) / "calls" / f"{number:02}.json").write_text(lines, encoding="utf-8")


def call(edition: int, number: int, row: int) -> dict[str, Any]:
    """Return one record of the log; every tenth cannot be read."""
    return {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": f"2026-{7 + edition:02}-{1 + number:02}T{row // 2:02}:{row % 2 * 30:02}:00Z",
        "accountId": "123456789012",
        "region": "us-east-1",
        "requestId": f"{edition}-{number}-{row}",
        "operation": "InvokeModel",
        "modelId": "amazon.nova-pro-v1:0",
        "input": {"inputContentType": "application/json", "inputTokenCount": 100 + row},
        "output": {"outputContentType": "application/json", "outputTokenCount": 10 if row % 10 else -1},
    }


def kill(runs: int, seed: int, workers: int) -> Counter[str]:
    """Return what was met in all the runs.

    Raises:
        AssertionError: One ended in another ledger.
    """
    data = Path(tempfile.mkdtemp())
    with serving(Bill) as port:
        write_logs(data)
        write_calls(data)
        url = f"http://127.0.0.1:{port}"
        commands = [
            [*WORKER, url, str(data), str(seed), str(runs), str(number), str(workers)] for number in range(workers)
        ]
        started = [
            subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603 - our own code
            for command in commands
        ]
        met: Counter[str] = Counter()
        for process in started:
            out, err = process.communicate()
            assert process.returncode == 0, err.decode()
            met.update(json.loads(out))
    shutil.rmtree(data)  # what a failed run left is kept, to be looked at
    return met


def load_queries() -> None:
    """Load what an import loads when it begins, so that a kill meets work and not the interpreter."""
    import ibis  # noqa: PLC0415 - only in a worker

    ibis.to_sql(ibis.table({"a": "int64"}, name="t"), dialect="duckdb")
    for job in ("openai", "litellm_dump", "litellm_hours", "bedrock_logs"):
        import_module(f"costcheck.sources.bills.{job}")


def work(url: str, data: str, *numbers: str) -> None:
    """Do every `workers`th run, and print what was met."""
    faulthandler.enable()
    load_queries()
    seed, runs, first, workers = map(int, numbers)
    with tempfile.TemporaryDirectory(dir=data) as folder:
        worker = Worker(url, Path(data), Path(folder))
        worker.run(seed, range(first, runs, workers))
    sys.stdout.write(json.dumps(worker.met))


def main() -> None:
    """Run from the command line."""
    if sys.argv[1:2] == ["--worker"]:
        work(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    begun = time.monotonic()
    for name, count in sorted(kill(arguments.runs, arguments.seed, arguments.workers).items()):
        sys.stdout.write(f"{name}: {count}\n")
    sys.stdout.write(f"seconds: {time.monotonic() - begun:.0f}\n")


if __name__ == "__main__":
    main()
