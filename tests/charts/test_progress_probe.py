"""A wedged engine is found, a slow one is not, busy and idle alike: the four cells, on a stub engine."""

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.charts.conftest import GOLDENS, ROOT, Stub, chart_script

Module = Any  # what a file outside every package defines has no type here
probe = chart_script("progress_probe")
LIMITS = probe.Limits(stalled=120.0, idle=300.0, generation=0.5, drain=90.0)
REAL_PAGE = ROOT / "tests" / "data" / "vllm" / "metrics-0.32.0.txt"


def server(stub: Stub, key: str = "the-key") -> Module:
    return probe.Server(stub.url, "tiny", key)


def token_made_after(stub: Stub, count: float) -> Callable[[], bool]:
    return lambda: stub.metric("vllm:generation_tokens_total") > count


def test_a_busy_engine_that_makes_no_token_is_stuck_although_its_health_is_200(
    stub: Stub, streaming: Callable[[], Module]
) -> None:
    streaming()
    stub.wait_for(token_made_after(stub, 0))
    stub.behave(is_wedged=True)
    seen = probe.look(server(stub), None, LIMITS, now=1000.0)
    assert stub.ask("/health") == ""
    seen = probe.look(server(stub), seen, LIMITS, now=1119.0)  # not long enough to say
    with pytest.raises(probe.StuckError, match=r"1 requests in flight, no token for 121 s, and none when asked"):
        probe.look(server(stub), seen, LIMITS, now=1121.0)


def test_a_busy_engine_that_makes_a_token_now_and_then_is_not_stuck(
    stub: Stub, streaming: Callable[[], Module]
) -> None:
    stub.behave(seconds_per_token=0.1)
    streaming()
    seen: Module = None
    for now in (1000.0, 1119.0, 1238.0, 1357.0):
        stub.wait_for(token_made_after(stub, stub.metric("vllm:generation_tokens_total")))
        seen = probe.look(server(stub), seen, LIMITS, now=now)
    assert seen.moved_at == pytest.approx(1357.0)


def test_an_idle_engine_that_cannot_make_one_token_is_stuck(stub: Stub) -> None:
    stub.behave(is_wedged=True)
    with pytest.raises(probe.StuckError, match=r"0 requests in flight.*no answer within"):
        probe.look(server(stub), None, LIMITS, now=1000.0)


def test_an_idle_engine_that_makes_one_token_slowly_is_not_stuck(stub: Stub) -> None:
    stub.behave(seconds_per_token=0.3)
    assert probe.look(server(stub), None, LIMITS, now=1000.0).generated_at == pytest.approx(1000.0)


def test_an_idle_engine_is_asked_for_a_token_no_more_often_than_said(stub: Stub) -> None:
    seen = probe.look(server(stub), None, LIMITS, now=1000.0)
    for now in (1100.0, 1200.0, 1299.0):
        seen = probe.look(server(stub), seen, LIMITS, now=now)
    assert stub.metric("vllm:generation_tokens_total") == 1
    probe.look(server(stub), seen, LIMITS, now=1301.0)
    assert stub.metric("vllm:generation_tokens_total") == 2


def test_a_draining_engine_passes_until_its_drain_should_be_over(stub: Stub, streaming: Callable[[], Module]) -> None:
    streaming()
    stub.wait_for(token_made_after(stub, 0))
    seen = probe.look(server(stub), None, LIMITS, now=1000.0)
    stub.behave(is_wedged=True)
    stub.process.terminate()
    stub.wait_for(lambda: probe.DRAINING in server(stub).generate(5))
    seen = probe.look(server(stub), seen, LIMITS, now=1010.0)
    seen = probe.look(server(stub), seen, LIMITS, now=1130.0)
    seen = probe.look(server(stub), seen, LIMITS, now=1219.0)
    with pytest.raises(probe.StuckError, match="draining for longer than 90 s"):
        probe.look(server(stub), seen, LIMITS, now=1221.0)


def test_a_key_rotated_under_an_idle_server_does_not_restart_it(stub: Stub) -> None:
    assert probe.look(server(stub, key="the-new-key"), None, LIMITS, now=1000.0).generated_at == pytest.approx(1000.0)


def test_a_server_that_does_not_listen_is_stuck(stub: Stub) -> None:
    stub.process.kill()
    stub.process.wait()
    with pytest.raises(probe.StuckError, match="metrics cannot be read"):
        probe.look(server(stub), None, LIMITS, now=1000.0)


def test_metrics_that_do_not_come_are_waited_for_as_long_as_tokens_are() -> None:
    class Busy:
        def engine(self) -> NoReturn:
            message = "the metrics cannot be read within 10 s"
            raise probe.StuckError(message)

    last = probe.Look(at=1000.0, started=1.0, progress=5.0, moved_at=1000.0, generated_at=1000.0)
    seen = probe.look(Busy(), last, LIMITS, 1000.0 + LIMITS.stalled - 1)
    assert (seen.at, seen.moved_at) == (1000.0 + LIMITS.stalled - 1, last.moved_at)
    with pytest.raises(probe.StuckError, match="cannot be read"):
        probe.look(Busy(), seen, LIMITS, 1000.0 + LIMITS.stalled)


def test_after_a_restart_the_old_look_counts_for_nothing(stub: Stub, streaming: Callable[[], Module]) -> None:
    streaming()
    stub.wait_for(token_made_after(stub, 0))
    stub.behave(is_wedged=True)
    stub.wait_for(lambda: stub.metric("vllm:num_requests_running") == 1)
    tokens = stub.metric("vllm:generation_tokens_total")
    old = probe.Look(at=990.0, started=1.0, progress=tokens, moved_at=10.0, generated_at=10.0)
    assert probe.look(server(stub), old, LIMITS, now=1000.0).moved_at == pytest.approx(1000.0)


def test_the_real_metrics_page_of_vllm_has_what_the_probe_reads() -> None:
    engine = probe.read_metrics(REAL_PAGE.read_text())
    assert (engine.in_flight, engine.progress > 1000, engine.started > 1.7e9) == (0.0, True, True)


@pytest.mark.parametrize("series", ["vllm:num_requests_running{", "vllm:generation_tokens_total{"])
def test_a_page_without_a_series_that_is_needed_is_refused_by_name(series: str) -> None:
    page = "\n".join(line for line in REAL_PAGE.read_text().splitlines() if not line.startswith(series))
    with pytest.raises(probe.StuckError, match=f"lack {series[:-1]}"):
        probe.read_metrics(page)


class Replay:
    """Engines as the metrics would show them one look after another, and whether one token would come."""

    def __init__(self, engine: Module, *, answers: bool) -> None:
        self._engine, self._answers = engine, answers

    def engine(self) -> Module:
        return self._engine

    def generate(self, seconds: float) -> str:
        return "" if self._answers else f"no answer within {seconds:.0f} s"


def test_one_token_that_had_to_wait_its_turn_while_others_came_is_slow_not_stuck() -> None:
    class Busy(Replay):
        def generate(self, seconds: float) -> str:
            self._engine = probe.Engine(in_flight=64.0, progress=9000.0, started=5.0)  # work that came in meanwhile
            return super().generate(seconds)

    idle = probe.Engine(in_flight=0.0, progress=7.0, started=5.0)
    assert probe.look(Busy(idle, answers=False), None, LIMITS, 1000.0).generated_at == pytest.approx(0.0)


def test_work_that_has_just_come_to_an_idle_engine_has_its_whole_time() -> None:
    idle = probe.Engine(in_flight=0.0, progress=7.0, started=5.0)
    seen = None
    for now in (1000.0, 1100.0, 1200.0):
        seen = probe.look(Replay(idle, answers=True), seen, LIMITS, now)
    busy = probe.Engine(in_flight=1.0, progress=7.0, started=5.0)
    seen = probe.look(Replay(busy, answers=False), seen, LIMITS, 1210.0)
    probe.look(Replay(busy, answers=False), seen, LIMITS, 1319.0)
    with pytest.raises(probe.StuckError):
        probe.look(Replay(busy, answers=False), seen, LIMITS, 1320.0)


STEPS = st.lists(st.tuples(st.integers(1, 119), st.integers(0, 3), st.integers(0, 2)), max_size=30)


@given(STEPS)
def test_an_engine_that_answers_is_never_stuck_whatever_its_gauges_say(steps: list[tuple[int, int, int]]) -> None:
    now, progress, seen = 1000.0, 0, None
    for seconds, in_flight, tokens in steps:
        now, progress = now + seconds, progress + tokens
        engine = probe.Engine(in_flight=float(in_flight), progress=float(progress), started=5.0)
        seen = probe.look(Replay(engine, answers=True), seen, LIMITS, now)


@given(st.lists(st.integers(1, 119), min_size=1, max_size=20))
def test_an_engine_that_never_moves_is_found_within_the_limit_and_one_look(pauses: list[int]) -> None:
    engine = probe.Engine(in_flight=1.0, progress=7.0, started=5.0)
    now, seen = 1000.0, probe.look(Replay(engine, answers=False), None, LIMITS, 1000.0)
    for seconds in pauses:
        now += seconds
        if now - 1000.0 >= LIMITS.stalled:
            with pytest.raises(probe.StuckError):
                probe.look(Replay(engine, answers=False), seen, LIMITS, now)
            return
        seen = probe.look(Replay(engine, answers=False), seen, LIMITS, now)


def rendered_command(stub: Stub, folder: Path) -> list[str]:
    """Return the liveness command as the chart renders it, with this machine's places."""
    documents = yaml.safe_load_all((GOLDENS / "local.yaml").read_text())
    (pod,) = [found["spec"]["template"]["spec"] for found in documents if found["kind"] == "Deployment"]
    command: list[str] = pod["containers"][0]["livenessProbe"]["exec"]["command"]
    places = {
        "http://127.0.0.1:8000": stub.url,
        "/etc/model-server": str(ROOT / "charts" / "model-server" / "files"),
        "/etc/api-key": str(folder),
        "/var/lib/progress": str(folder),
        "--generation-seconds=30": "--generation-seconds=0.5",
    }
    for there, here in places.items():
        command = [word.replace(there, here) for word in command]
    return [sys.executable, *command[1:]]


def test_the_rendered_command_passes_a_good_engine_and_fails_a_wedged_one(stub: Stub, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("the-key\n")
    command = rendered_command(stub, tmp_path)
    assert subprocess.run(command, check=False).returncode == 0  # noqa: S603
    state = tmp_path / "state.json"
    seen = probe.load(state)
    stub.behave(is_wedged=True)
    probe.save(dataclasses.replace(seen, generated_at=0.0), state)  # as after a long time without work
    failed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert failed.returncode == 1
    assert "no answer within" in failed.stderr
    assert probe.load(state).at > seen.at
    state.write_text("{broken")
    assert subprocess.run(command, check=False).returncode == 0  # noqa: S603 - as a first look: one proves nothing
    assert probe.load(state).at > seen.at
