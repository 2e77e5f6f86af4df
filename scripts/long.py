"""Fuzzes, searches and mutates for hours, and writes what came of it into tests/long/RESULTS.md: run by `make long`.

Three kinds of tests that are too long for `make test`: the fuzzers of tests/fuzz, the laws with 10,000 cases each,
and mutation: the judging modules are broken in thousands of ways, one at a time, and a test must fail for each. All
of it runs in a copy of the working tree, so that nothing here is touched while it lasts.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "tests" / "long" / "RESULTS.md"
LONG = ROOT / ".venv-long" / "bin"
SITE_PACKAGES = sysconfig.get_path("purelib")
BEGIN, END = "<!-- generated: long -->", "<!-- end: long -->"
FUZZERS = {"plan": 60_000, "comment": 8_000}
"""The harnesses in tests/fuzz, and the bytes of their longest input; fuzz_bills.py runs once for each source."""
BILLS_MINUTES, BILLS_BYTES = 60, 20_000
"""Shared by all sources of bills; the bytes of the longest input."""
LAWS = (
    "tests/costcheck/gate/test_laws.py", "tests/costcheck/gate/test_gated.py",
    "tests/costcheck/gate/types/test_kubernetes.py", "tests/costcheck/gate/types/test_rds.py",
    "tests/infra/policy/test_laws.py", "tests/infra/policy/test_inputs.py", "tests/infra/test_admission.py",
    "tests/costcheck/conformance/test_files.py",
)  # fmt: skip
"""The property tests of the gate, its policy pack and the program's own admission (the comment has its fuzzer), and
files of bills, each cut and damaged in a thousand places."""
KILLED = frozenset({1, 3})
"""What pytest exits with where a test failed."""
TIMED_OUT = frozenset({24, -24, 36, 152, 255})


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Modules to break, and the tests that must notice."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


def _slow_decisions() -> Iterator[str]:
    """Yield the tests of decisions that take seconds: they would run once for each mutant that others let live."""
    for name in (
        "test_decide.py::test_a_decision_replays_to_the_byte_from_its_own_inputs",
        "test_decide.py::test_a_decision_is_complete_and_allows_only_what_it_chose",
        "test_evidence.py::test_taking_evidence_away_never_moves_anybody",
        "test_evidence.py::test_no_single_missing_price_makes_servers_look_cheaper",
        "test_evidence.py::test_more_problems_never_become_a_verdict",
    ):
        yield f"--deselect=tests/costcheck/decision/{name}"


GATE = (
    "assessment", "capacity", "coverage", "limits", "judge", "waivers", "gated", "ages", "checks", "rules",
    "accelerators", "machines", "pricing", "view", "headline", "accepted", "gpu_words", "calls",
)  # fmt: skip
GROUPS = (
    Group(
        modules=tuple(f"costcheck/decision/{name}.py" for name in ("decide", "findings", "evaluation")),
        tests=(
            *(
                f"tests/costcheck/decision/test_{name}.py"
                for name in ("sentences", "decide", "findings", "thresholds", "table", "evidence")
            ),
            *_slow_decisions(),
        ),
    ),
    Group(
        modules=("costcheck/acceptance.py", "costcheck/plan/*.py", *(f"costcheck/gate/{name}.py" for name in GATE)),
        tests=("tests/costcheck/test_acceptance.py", "tests/costcheck/plan", "tests/costcheck/gate",
               "--ignore=tests/costcheck/gate/test_fail_open.py",
               "--ignore=tests/costcheck/gate/test_laws.py", "--ignore=tests/costcheck/gate/test_foreign_plans.py"),
    ),
    Group(
        modules=("infra/admission.py", "infra/policy/[a-z]*.py"),
        tests=("tests/infra/test_admission.py", "tests/infra/policy"),
    ),
)  # fmt: skip


def main() -> None:
    """Run everything, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=30, help="how long each fuzzer runs")
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        _copy_tree(copy)
        parts = [_about(), _fuzzed(copy, minutes), _searched(copy), *(_mutated(copy, group) for group in GROUPS)]
    _write("\n".join(parts))


def _copy_tree(copy: Path) -> None:
    listed, _, _ = _run(["git", "ls-files", "-co", "--exclude-standard"], ROOT)
    for name in filter(lambda name: (ROOT / name).is_file(), listed.splitlines()):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)


def _run(command: list[str], folder: Path, **environment: str) -> tuple[str, int, float]:
    """Return what a command printed, its exit code, and its minutes."""
    begun = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own commands
        command, cwd=folder, env={**os.environ, **environment}, check=False, text=True, errors="replace",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.stdout, done.returncode, (time.monotonic() - begun) / 60


def _about() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("hypothesis", "pytest"))
    tools = (ROOT / "locks" / "long.in").read_text().split()
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, {platform.system()}, "
        f"Python {platform.python_version()}, {packages}, {', '.join(tools)}.\n"
    )


def _fuzzed(copy: Path, minutes: int) -> str:
    rows = [
        "| fuzzer | minutes | inputs | branches reached | features | found |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for name, longest in FUZZERS.items():
        corpus = _corpus(copy, name)
        for number, plan in enumerate(sorted((copy / "tests" / "data" / "plans").rglob("*.json"))):
            shutil.copy(plan, corpus / str(number))
        rows.append(_fuzz(copy, corpus, [f"tests/fuzz/fuzz_{name}.py"], seconds=minutes * 60, longest=longest))
    sources = _bill_sources(copy)
    for source in sources:
        command = ["tests/fuzz/fuzz_bills.py", f"--source={source}"]
        seconds = BILLS_MINUTES * 60 // len(sources)
        rows.append(_fuzz(copy, _corpus(copy, source), command, seconds=seconds, longest=BILLS_BYTES))
    return "\n".join([*rows, ""])


def _corpus(copy: Path, name: str) -> Path:
    corpus = copy / "corpus" / name
    corpus.mkdir(parents=True)
    return corpus


def _bill_sources(copy: Path) -> list[str]:
    text, _, _ = _run([sys.executable, "-m", "tests.costcheck.conformance.every"], copy, PYTHONPATH=str(copy))
    return text.splitlines()


def _fuzz(copy: Path, corpus: Path, harness: list[str], *, seconds: int, longest: int) -> str:
    print(f"fuzzing {corpus.name} ...", flush=True)
    limits = [f"-max_total_time={seconds}", f"-max_len={longest}", "-timeout=60"]
    command = [str(LONG / "python"), *harness, *limits, str(corpus)]
    text, code, took = _run(command, copy, PYTHONPATH=f"{copy}{os.pathsep}{SITE_PACKAGES}")
    return fuzzed_row(corpus.name, text, code, took)


def fuzzed_row(name: str, text: str, code: int, minutes: float) -> str:
    """Return what a fuzzer came to, from what libFuzzer printed; what it found is told in full on the terminal."""
    if code:
        print(text[-4000:])
    runs, coverage, features = re.findall(r"^#(\d+)\s.*?cov: (\d+) ft: (\d+)", text, re.MULTILINE)[-1]
    found = "nothing" if code == 0 else "a failure"
    return f"| {name} | {minutes:.0f} | {int(runs):,} | {coverage} | {features} | {found} |"


def _searched(copy: Path) -> str:
    print("searching, 10,000 cases a law ...", flush=True)
    command = [sys.executable, "-m", "pytest", "-n", str(os.cpu_count()), "--dist", "worksteal", "-q", *LAWS]
    text, code, took = _run(command, copy, HYPOTHESIS_PROFILE="searching", PYTHONPATH=str(copy))
    if code:
        print(text[-8000:])
    return f"Laws, 10,000 cases each: {text.strip().splitlines()[-1].strip('= ')} ({took:.0f} minutes).\n"


def _mutated(copy: Path, group: Group) -> str:
    print(f"mutating {', '.join(group.modules)} ...", flush=True)
    shutil.rmtree(copy / "mutants", ignore_errors=True)
    config = {
        "source_paths": ["costcheck", "infra"],
        "only_mutate": list(group.modules),
        "pytest_add_cli_args_test_selection": list(group.tests),
        "pytest_add_cli_args": ["-n", "0", "-p", "no:cacheprovider"],
        "also_copy": sorted({path.name for path in copy.iterdir()} - {"costcheck", "infra", "mutants", "corpus"}),
    }
    written = "\n".join(f"{key} = {json.dumps(value)}" for key, value in config.items())
    original = (ROOT / "pyproject.toml").read_text()
    (copy / "pyproject.toml").write_text(
        f"{original}\n[tool.mutmut]\n{written}\nuse_git_change_detection = false\ntrack_dependencies = false\n"
    )
    text, _, took = _run([str(LONG / "mutmut"), "run"], copy, PYTHONPATH=SITE_PACKAGES)
    rows = list(mutated_rows(copy / "mutants"))
    if not rows:
        print(text[-4000:])
    head = [
        "| module | mutants | tried | killed | survived | killed, % |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join([*head, *rows, f"\n{took:.0f} minutes.\n"])


def mutated_rows(mutants: Path) -> Iterator[str]:
    """Yield a row for each module, from what mutmut notes down beside it; a test that never ends has noticed."""
    for path in sorted(mutants.rglob("*.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"].values()
        if codes:
            yield mutated_row(path.relative_to(mutants).as_posix().removesuffix(".meta"), codes)


def mutated_row(name: str, codes: Collection[int | None]) -> str:
    """Return the row of a module by what each of its mutants ended with, None where it was not tried."""
    tried = [code for code in codes if code is not None]
    killed = sum(code in KILLED | TIMED_OUT for code in tried)
    share = f"{killed / len(tried):.1%}" if tried else "-"
    return f"| {name} | {len(codes)} | {len(tried)} | {killed} | {len(tried) - killed} | {share} |"


def _write(text: str) -> None:
    """Put the figures into the page, and leave alone what a person wrote around them."""
    before, _, rest = RESULTS.read_text(encoding="utf-8").partition(BEGIN)
    RESULTS.write_text(f"{before}{BEGIN}\n{text}{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
