"""The chart's own scripts, imported from where they lie, and a stub engine over loopback."""

import importlib.util
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "model-server"
GOLDENS = ROOT / "tests" / "golden" / "charts"
STUB = ROOT / "localcloud" / "pods" / "stub_engine.py"
sys.path.insert(0, str(ROOT / "scripts"))  # the scripts are run from their folder and are no package


def chart_script(name: str) -> ModuleType:
    """Import files/NAME.py of the chart."""
    spec = importlib.util.spec_from_file_location(name, CHART / "files" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True, kw_only=True)
class Stub:
    """A running stub engine."""

    url: str
    process: subprocess.Popen[bytes]

    def behave(self, **behaviour: object) -> None:
        self.ask("/stub", behaviour)

    def ask(self, path: str, body: object = None, seconds: float = 10) -> str:
        headers = {"Authorization": "Bearer the-key"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310
            text: str = answer.read().decode()
        return text

    def metric(self, name: str) -> float:
        line = next(line for line in self.ask("/metrics").splitlines() if line.startswith(name))
        return float(line.rsplit(" ", 1)[1])

    def wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture
def stub(unused_tcp_port_of: Callable[[], int]) -> Iterator[Stub]:
    """A stub engine that serves `tiny`, key `the-key`."""
    port = unused_tcp_port_of()
    command = [sys.executable, str(STUB), "serve", "/weights", "--served-model-name", "tiny"]
    where = ["--host", "127.0.0.1", "--port", str(port), "--shutdown-timeout", "30"]
    with ExitStack() as stack:
        environment = {"VLLM_API_KEY": "the-key"}
        process = stack.enter_context(subprocess.Popen([*command, *where], env=environment))  # noqa: S603
        stack.callback(process.kill)
        started = Stub(url=f"http://127.0.0.1:{port}", process=process)
        started.wait_for(lambda: _answers(started))
        yield started


@pytest.fixture
def streaming(stub: Stub) -> Iterator[Callable[[], Any]]:
    """Start a long stream on the stub and hold it open."""
    with ExitStack() as stack:

        def start() -> Any:  # noqa: ANN401 - the open answer
            body = json.dumps({"model": "tiny", "prompt": "x", "max_tokens": 100_000, "stream": True}).encode()
            headers = {"Authorization": "Bearer the-key"}
            request = urllib.request.Request(f"{stub.url}/v1/completions", body, headers)  # noqa: S310
            return stack.enter_context(urllib.request.urlopen(request, timeout=20))  # noqa: S310

        yield start


@pytest.fixture
def unused_tcp_port_of() -> Callable[[], int]:
    import socket  # noqa: PLC0415 - pytest-socket replaces it at import

    def find() -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
            return port

    return find


def _answers(stub: Stub) -> bool:
    try:
        stub.ask("/health")
    except OSError:
        return False
    return True
