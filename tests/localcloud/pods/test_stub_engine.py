import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from localcloud.pods import stub_engine

KEY = {"Authorization": "Bearer k"}
ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    process: subprocess.Popen[bytes]
    url: str

    def complete(self, tokens: int = 1, headers: dict[str, str] = KEY) -> httpx2.Response:
        body = {"prompt": "x", "max_tokens": tokens}
        return httpx2.post(f"{self.url}/v1/completions", json=body, headers=headers, timeout=30, trust_env=False)

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self.url + path, headers=KEY, timeout=30, trust_env=False)

    def behave(self, **how: object) -> None:
        httpx2.post(f"{self.url}/stub", json=how, trust_env=False).raise_for_status()

    def metric(self, name: str) -> float:
        line = next(line for line in self.get("/metrics").text.splitlines() if line.startswith(name))
        return float(line.rsplit(" ", 1)[1])

    def wait_for_work(self) -> None:
        while not self.metric("vllm:num_requests_running"):
            pass


async def free_port() -> int:
    server = await asyncio.start_server(lambda *_: None, ADDRESS, 0)
    async with server:
        return int(server.sockets[0].getsockname()[1])


@pytest.fixture
def engine() -> Iterator[Running]:
    port = asyncio.run(free_port())
    command = [
        sys.executable,
        str(Path(stub_engine.__file__)),
        "serve",
        "/models/tiny",
        "--served-model-name",
        "tiny",
    ]
    options = ["--host", ADDRESS, "--port", str(port), "--shutdown-timeout", "20", "--tensor-parallel-size", "8"]
    with subprocess.Popen([*command, *options], env={**os.environ, "VLLM_API_KEY": "k"}) as process:  # noqa: S603
        running = Running(process=process, url=f"http://{ADDRESS}:{port}")
        while True:
            with suppress(httpx2.TransportError):
                running.get("/health")
                break
        yield running
        process.kill()


def test_it_answers_as_many_tokens_as_asked_and_counts_them(engine: Running) -> None:
    assert engine.complete(5).json()["usage"]["completion_tokens"] == 5
    assert engine.metric("vllm:generation_tokens_total") == 5
    assert engine.metric("vllm:request_success_total") == 1


def test_it_wants_the_key_for_v1_alone(engine: Running) -> None:
    assert engine.complete(headers={}).status_code == 401
    assert httpx2.get(f"{engine.url}/metrics", trust_env=False).status_code == 200


def test_a_wedged_engine_is_healthy_and_generates_nothing(engine: Running) -> None:
    engine.behave(is_wedged=True)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(engine.complete)
        engine.wait_for_work()
        assert engine.get("/health").status_code == 200
        assert engine.metric("vllm:generation_tokens_total") == 0
        engine.behave(is_wedged=False)
        assert waiting.result().status_code == 200


def test_after_sigterm_what_runs_is_finished_and_new_work_refused(engine: Running) -> None:
    engine.behave(is_wedged=True)
    with ThreadPoolExecutor() as pool:
        running: Future[httpx2.Response] = pool.submit(engine.complete, 3)
        engine.wait_for_work()
        engine.process.send_signal(signal.SIGTERM)
        while (refused := pool.submit(engine.complete, 0).result()).status_code == 200:
            pass
        assert refused.status_code == 500
        assert stub_engine.DRAINING in refused.text
        assert engine.get("/health").status_code == 200
        engine.behave(is_wedged=False)
        assert running.result().json()["usage"]["completion_tokens"] == 3
    assert engine.process.wait() == 0
