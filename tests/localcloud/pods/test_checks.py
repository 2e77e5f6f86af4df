import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from localcloud.pods.checks import Result, perform
from localcloud.pods.processes import Setting
from localcloud.pods.records import Action, Exec, HttpGet, Sleep, TcpConnect


def result_of(action: Action, folder: Path, answer: bytes = b"", seconds: float = 5) -> tuple[Result, bytes]:
    """Perform the action against a server that gives one answer; return the result and what the server was asked.

    A port 0 in the action becomes the server's.
    """
    asked, served = bytearray(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            asked.extend(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        if not answer:
            await reader.read()  # silence, until the other side gives up
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        served.set()

    async def scene() -> Result:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            setting = Setting(environment={"PATH": "/usr/bin:/bin"}, folder=folder, log=folder / "log")
            result = await perform(_at(action, port), setting, seconds)
            if isinstance(action, HttpGet) or _at(action, port) != action:
                await served.wait()
            return result

    return asyncio.run(scene()), bytes(asked)


def _at(action: Action, port: int) -> Action:
    match action:
        case HttpGet():
            return HttpGet(url=action.url.replace(":0", f":{port}"), headers=action.headers)
        case TcpConnect(port=0):
            return TcpConnect(host=action.host, port=port)
    return action


@pytest.mark.parametrize(("status", "is_good"), [(199, False), (200, True), (302, True), (399, True), (400, False)])
def test_an_answer_from_200_to_399_is_a_success(status: int, is_good: bool, tmp_path: Path) -> None:  # noqa: FBT001
    answer = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()
    result, _ = result_of(HttpGet(url="http://127.0.0.1:0/"), tmp_path, answer)
    assert result.is_good == is_good


def test_path_query_and_headers_are_sent(tmp_path: Path) -> None:
    action = HttpGet(url="http://127.0.0.1:0/health?deep=1", headers={"X-Probe": "yes"})
    _, asked = result_of(action, tmp_path, b"HTTP/1.1 200 OK\r\n\r\n")
    assert asked.startswith(b"GET /health?deep=1 HTTP/1.1\r\n")
    assert b"X-Probe: yes\r\n" in asked


def test_something_that_is_not_http_is_a_failure(tmp_path: Path) -> None:
    result, _ = result_of(HttpGet(url="http://127.0.0.1:0/"), tmp_path, b"SSH-2.0\r\n")
    assert not result.is_good


def test_silence_is_a_failure_in_time(tmp_path: Path) -> None:
    result, _ = result_of(HttpGet(url="http://127.0.0.1:0/"), tmp_path, seconds=0.1)
    assert result == Result(is_good=False, detail="no answer within 0.1 s")


def test_an_open_port_is_a_success_and_a_closed_one_a_failure(tmp_path: Path) -> None:
    assert result_of(TcpConnect(host="127.0.0.1", port=0), tmp_path)[0].is_good
    assert not result_of(TcpConnect(host="127.0.0.1", port=1), tmp_path)[0].is_good


def test_a_command_is_judged_by_its_exit_code(tmp_path: Path) -> None:
    assert result_of(Exec(command=("true",)), tmp_path)[0].is_good
    assert not result_of(Exec(command=("false",)), tmp_path)[0].is_good
    assert not result_of(Exec(command=("no-such-program",)), tmp_path)[0].is_good


def test_a_sleep_is_done_when_it_is_over(tmp_path: Path) -> None:
    assert result_of(Sleep(seconds=0.01), tmp_path)[0].is_good
