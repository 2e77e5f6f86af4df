"""The rendered nginx.conf on a real nginx, in front of a server that notes what reaches it."""

import json
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml

from tests.loopback import serving

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/charts/local.yaml"
OTHER_PATHS = (ROOT / "tests/data/vllm/paths-0.32.0.txt").read_text().split()
OTHER_SPELLINGS = [
    "/invocations/../v1/models",
    "/v1/models/../../invocations",
    "/v1/models/..%2f..%2finvocations",
    "//invocations",
    "/v1/models/",
    "/V1/models",
    "/v1/models;x",
    "/v1/models%00/invocations",
    "/%69nvocations",
    "http://localhost/invocations",
    "/",
]
pytestmark = pytest.mark.e2e


@dataclass
class Upstream:
    """What stands for vLLM: it notes paths and Host, and sends its stream only as far as it is let."""

    port: int = 0
    reached: list[str] = field(default_factory=list)
    hosts: list[str | None] = field(default_factory=list)
    goes_on: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A running nginx."""

    api: int
    metrics: int
    log: Path
    process: subprocess.Popen[bytes]

    def send(self, request: str, port: int | None = None) -> bytes:
        """Send a request as written; return the whole answer, which ends when the connection does."""
        with self.open(request, port) as answer:
            return b"".join(iter(lambda: answer.recv(65536), b""))

    def open(self, request: str, port: int | None = None) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", port or self.api), timeout=20)
        connection.sendall(request.encode())
        return connection

    def status(self, method: str, path: str, *, body: str = "", port: int | None = None) -> int:
        answer = self.send(f"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n{body}", port)
        return int(answer.split(b" ", 2)[1])


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    state = Upstream()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.reached.append(self.path)
            state.hosts.append(self.headers["Host"])
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def do_POST(self) -> None:
            state.reached.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(b"data: first\n\n")
            self.wfile.flush()
            state.goes_on.wait(20)
            self.wfile.write(b"data: [DONE]\n\n")

    with serving(Handler) as state.port:
        yield state
        state.goes_on.set()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def rendered(folder: Path, upstream: int, api: int, metrics: int) -> str:
    documents = yaml.safe_load_all(GOLDEN.read_text())
    (config,) = [found["data"]["nginx.conf"] for found in documents if found["kind"] == "ConfigMap"]
    places = {
        "0.0.0.0:8080": f"127.0.0.1:{api}",
        "0.0.0.0:8081": f"127.0.0.1:{metrics}",
        "127.0.0.1:8000": f"127.0.0.1:{upstream}",
        "/run/proxy": str(folder),
        "/dev/stdout": str(folder / "access.log"),
    }
    for there, here in places.items():
        assert there in config
        config = config.replace(there, here)
    text: str = config
    return text


@pytest.fixture
def proxy(tmp_path: Path, upstream: Upstream) -> Iterator[Proxy]:
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert program, "nginx is missing; expected: Debian's nginx-light; to do: apt-get install nginx-light"
    api, metrics = free_port(), free_port()
    (tmp_path / "nginx.conf").write_text(rendered(tmp_path, upstream.port, api, metrics))
    with ExitStack() as stack:
        command = [program, "-e", "stderr", "-c", str(tmp_path / "nginx.conf")]  # as the chart has it
        process = stack.enter_context(subprocess.Popen(command, stderr=subprocess.DEVNULL))  # noqa: S603
        stack.callback(process.terminate)
        started = Proxy(api=api, metrics=metrics, log=tmp_path / "access.log", process=process)
        wait_for(lambda: answers(started))
        upstream.reached.clear()
        upstream.hosts.clear()
        yield started


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def answers(proxy: Proxy) -> bool:
    try:
        return proxy.status("GET", "/health") == 200
    except OSError:
        return False


def test_none_of_vllms_other_paths_gets_through(proxy: Proxy, upstream: Upstream) -> None:
    got_through = [
        (method, path)
        for path in OTHER_PATHS
        for method in ("GET", "POST")
        if proxy.status(method, path) not in {404, 405}
    ]
    assert got_through == []
    assert upstream.reached == []
    assert len(OTHER_PATHS) > 60


def test_no_spelling_of_a_path_reaches_the_server_as_another(proxy: Proxy, upstream: Upstream) -> None:
    for path in OTHER_SPELLINGS:
        proxy.status("GET", path)
    assert set(upstream.reached) <= {"/v1/models"}


def test_what_is_let_through_arrives_under_one_constant_host(proxy: Proxy, upstream: Upstream) -> None:
    assert proxy.status("GET", "/v1/models?x=1") == 200
    answer = proxy.send("GET /v1/models HTTP/1.1\r\nHost: x/?#\r\n\r\n")
    assert answer.split(b" ", 2)[1] in {b"200", b"400"}
    assert upstream.reached[0] == "/v1/models?x=1"
    assert set(upstream.hosts) == {"localhost"}


def test_metrics_are_on_their_own_port_only(proxy: Proxy, upstream: Upstream) -> None:
    assert proxy.status("GET", "/metrics") == 404
    assert proxy.status("GET", "/metrics", port=proxy.metrics) == 200
    assert proxy.status("GET", "/v1/models", port=proxy.metrics) == 404
    assert upstream.reached == ["/metrics"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/chat/completions"), ("POST", "/v1/models"), ("PUT", "/health")]
)
def test_another_method_is_refused(proxy: Proxy, upstream: Upstream, method: str, path: str) -> None:
    assert proxy.status(method, path) in {403, 405}
    assert upstream.reached == []


def test_a_body_above_the_limit_is_refused_before_it_is_read(proxy: Proxy, upstream: Upstream) -> None:
    head = f"POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Length: {8 * 1024 * 1024 + 1}\r\n\r\n"
    assert proxy.send(head).split(b" ", 2)[1] == b"413"
    assert upstream.reached == []


def post(path: str) -> str:
    body = json.dumps({"prompt": "a secret prompt"})
    return f"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer k\r\nContent-Length: {len(body)}\r\n\r\n{body}"


def read_until(connection: socket.socket, mark: bytes) -> bytes:
    found = b""
    while mark not in found:
        found += connection.recv(65536)
    return found


def test_a_stream_is_passed_on_as_it_comes(proxy: Proxy, upstream: Upstream) -> None:
    with proxy.open(post("/v1/chat/completions")) as connection:
        first = read_until(connection, b"data: first\n\n")
        assert b"[DONE]" not in first
        upstream.goes_on.set()
        read_until(connection, b"data: [DONE]\n\n")


def test_a_long_prompt_lies_on_no_disk_while_its_answer_takes(proxy: Proxy, upstream: Upstream) -> None:
    prompt = "x" * 2_000_000
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: {len(prompt)}\r\n\r\n"
    with proxy.open(head + prompt) as connection:
        read_until(connection, b"data: first\n\n")
        kept = [path.name for path in (proxy.log.parent / "body").rglob("*") if path.is_file()]
        upstream.goes_on.set()
        read_until(connection, b"data: [DONE]\n\n")

    assert kept == []


def test_a_connection_serves_one_request_so_that_none_is_sent_to_a_server_that_drains(proxy: Proxy) -> None:
    answer = proxy.send("GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n" * 2)
    assert answer.count(b"HTTP/1.1 200") == 1
    assert b"Connection: close" in answer


def test_the_images_stop_signal_lets_a_stream_end(proxy: Proxy, upstream: Upstream) -> None:
    with proxy.open(post("/v1/completions")) as connection:
        read_until(connection, b"data: first\n\n")
        proxy.process.send_signal(signal.SIGQUIT)
        upstream.goes_on.set()
        read_until(connection, b"data: [DONE]\n\n")
    assert proxy.process.wait(20) == 0


def test_the_log_has_neither_prompt_nor_key_nor_query(proxy: Proxy, upstream: Upstream) -> None:
    upstream.goes_on.set()
    proxy.send(post("/v1/completions?q=hidden").replace("Content-Length", "Connection: close\r\nContent-Length"))
    wait_for(lambda: "/v1/completions" in proxy.log.read_text())
    line = proxy.log.read_text().splitlines()[-1]
    assert re.fullmatch(r'127\.0\.0\.1 "POST /v1/completions" 200 \d+ [\d.]+', line)
