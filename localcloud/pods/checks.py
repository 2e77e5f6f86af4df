"""Perform the action of a probe or hook, within its time."""

import asyncio
import contextlib
from dataclasses import dataclass
from urllib.parse import urlsplit

from localcloud.pods.processes import Process, Setting
from localcloud.pods.records import Action, Exec, HttpGet, Sleep, TcpConnect

_GOOD = range(200, 400)  # as the kubelet: a redirect is a success


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What an action came to, and a word on why not."""

    is_good: bool
    detail: str = ""


async def perform(action: Action, setting: Setting, timeout: float) -> Result:  # noqa: ASYNC109  the probe's own
    """Return whether the action succeeded in time; nothing of it goes on afterwards."""
    try:
        async with asyncio.timeout(timeout):
            return await _do(action, setting)
    except TimeoutError:
        return Result(is_good=False, detail=f"no answer within {timeout:g} s")
    except OSError as exc:
        return Result(is_good=False, detail=str(exc))


async def _do(action: Action, setting: Setting) -> Result:
    match action:
        case Exec():
            return await _run(action, setting)
        case HttpGet():
            return await _get(action)
        case TcpConnect():
            _, writer = await asyncio.open_connection(action.host, action.port)
            await _close(writer)
            return Result(is_good=True)
        case Sleep():
            await asyncio.sleep(action.seconds)
            return Result(is_good=True)


async def _run(action: Exec, setting: Setting) -> Result:
    process = await Process.start(action.command, setting)
    try:
        code = await process.wait()
    finally:
        await process.end()
    return Result(is_good=code == 0, detail=f"exit code {code}, see {setting.log.name}")


async def _get(action: HttpGet) -> Result:
    """Ask, and read the first line of the answer: the kubelet looks at nothing else."""
    url = urlsplit(action.url)
    if url.scheme != "http":
        return Result(is_good=False, detail=f"the local pod runner does not probe by {url.scheme}")
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        headers = {"Host": url.netloc, "User-Agent": "kube-probe/local", "Connection": "close", **action.headers}
        lines = [
            f"GET {url.path or '/'}{'?' if url.query else ''}{url.query} HTTP/1.1",
            *(f"{k}: {v}" for k, v in headers.items()),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        first_line = (await reader.readline()).decode(errors="replace").split()
    finally:
        await _close(writer)
    code = int(first_line[1]) if len(first_line) > 1 and first_line[1].isdigit() else 0
    return Result(is_good=code in _GOOD, detail=f"HTTP status {code}")


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
