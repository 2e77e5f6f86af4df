"""Liveness of a vLLM server: exits 0 while its engine makes progress, 1 when it does not.

`/health` answers 200 with a dead engine and while draining, so this looks at what the engine does:

- work in flight (running or waiting): fine while the token counters have moved within `--stalled-seconds`;
- no work: fine for `--idle-seconds` after a token was last made;
- otherwise one token is asked for: it must come within `--generation-seconds`, or the counters must move meanwhile;
- the server drains (it refuses new work after SIGTERM): passes, for at most `--drain-seconds`.

What the last look saw is kept in `--state`. Standard library only: it runs on the python3 of the server's image.
"""

import argparse
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass, replace
from pathlib import Path

IN_FLIGHT = ("vllm:num_requests_running", "vllm:num_requests_waiting")
PROGRESS = ("vllm:generation_tokens_total", "vllm:prompt_tokens_total", "vllm:request_success_total")
STARTED = "process_start_time_seconds"
DRAINING = "cannot schedule new futures after shutdown"  # vLLM 0.32.0 answers new work so after SIGTERM, with 500
UNAUTHORIZED = "401"
METRICS_SECONDS = 10.0


class StuckError(Exception):
    """The engine is stuck, or cannot show that it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long what may take, in seconds."""

    stalled: float
    idle: float
    generation: float
    drain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What the metrics say.

    Attributes:
        in_flight: Requests running and waiting.
        progress: A number that grows with every token and every finished request.
        started: When the process started, in Unix seconds; 0 when the metrics do not say.
    """

    in_flight: float
    progress: float
    started: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look found, kept for the next one; times in Unix seconds.

    Attributes:
        at: When it was.
        started: Start of the process it looked at.
        progress: The engine's progress then.
        moved_at: When the engine was last seen to move or to have nothing to do.
        generated_at: When an idle engine last produced a token.
        draining_since: When the server was first seen to drain; 0 when it does not.
    """

    at: float
    started: float
    progress: float
    moved_at: float
    generated_at: float
    draining_since: float = 0.0


class Server:
    """The server's two answers that matter here."""

    def __init__(self, url: str, model: str, key: str) -> None:
        self._url = url
        self._model = model
        self._key = key

    def engine(self) -> Engine:
        """Returns what the metrics say.

        Raises:
            StuckError: They cannot be read, or lack what is needed.
        """
        try:
            with urllib.request.urlopen(f"{self._url}/metrics", timeout=METRICS_SECONDS) as answer:  # noqa: S310
                return read_metrics(answer.read().decode())
        except (OSError, http.client.HTTPException) as error:
            message = f"the metrics cannot be read within {METRICS_SECONDS:.0f} s: {error}"
            raise StuckError(message) from error

    def generate(self, seconds: float) -> str:
        """Asks for one token; returns "" when it came, else why not.

        Args:
            seconds: How long it may take.
        """
        body = json.dumps({"model": self._model, "prompt": "1", "max_tokens": 1, "temperature": 0}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"}
        request = urllib.request.Request(f"{self._url}/v1/completions", body, headers)  # noqa: S310 - our own server
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310
                answer.read()
        except urllib.error.HTTPError as error:
            return f"{error.code} {error.read(4096).decode(errors='replace')}"
        except (OSError, http.client.HTTPException) as error:
            return f"no answer within {seconds:g} s: {error}"
        return ""


def read_metrics(text: str) -> Engine:
    """Returns what a page of Prometheus metrics says about the engine, summed over its series.

    Args:
        text: The page.

    Raises:
        StuckError: It lacks the gauges of requests or the counters of tokens.
    """
    sums: dict[str, float] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name = line.partition("{")[0].partition(" ")[0]
            sums[name] = sums.get(name, 0.0) + float(line.rsplit(" ", 1)[1])
    if missing := [name for name in (*IN_FLIGHT, *PROGRESS[:2]) if name not in sums]:
        message = f"the metrics lack {', '.join(missing)}: not a vLLM that this probe knows"
        raise StuckError(message)
    return Engine(
        in_flight=sum(sums[name] for name in IN_FLIGHT),
        progress=sum(sums.get(name, 0.0) for name in PROGRESS),
        started=sums.get(STARTED, 0.0),
    )


def look(server: Server, last: Look | None, limits: Limits, now: float) -> Look:
    """Returns what this look found.

    Args:
        server: The server.
        last: The look before; None when there was none.
        limits: How long what may take.
        now: Unix seconds.

    Raises:
        StuckError: The engine does not move.
    """
    try:
        engine = server.engine()
    except StuckError:
        # A busy event loop may keep the metrics waiting; that is stuck only once it lasts.
        if last is None or now - last.moved_at >= limits.stalled or now - last.at > limits.stalled:
            raise
        return replace(last, at=now)
    if last is None or last.started != engine.started or now - last.at > limits.stalled:
        # Nothing to compare with: another process, or so long ago that standing still proves nothing.
        last = Look(at=now, started=engine.started, progress=engine.progress, moved_at=now, generated_at=0.0)
    moved = engine.progress != last.progress
    seen = replace(last, at=now, progress=engine.progress, moved_at=now if moved else last.moved_at)
    if not engine.in_flight:
        seen = replace(seen, moved_at=now)
    quiet, allowed = (
        (now - seen.moved_at, limits.stalled) if engine.in_flight else (now - seen.generated_at, limits.idle)
    )
    return seen if quiet < allowed else _ask(server, seen, engine, limits)


def _ask(server: Server, seen: Look, engine: Engine, limits: Limits) -> Look:
    """Asks for one token. A stalled count alone proves nothing: the gauges stand still when nothing runs."""
    problem = server.generate(limits.generation)
    if not problem:
        return replace(seen, moved_at=seen.at, generated_at=seen.at, draining_since=0.0)
    if DRAINING in problem:
        since = seen.draining_since or seen.at
        if seen.at - since <= limits.drain:
            return replace(seen, draining_since=since)
        problem = f"draining for longer than {limits.drain:.0f} s"
    elif problem.startswith(UNAUTHORIZED) and not engine.in_flight:
        # The Secret has a new key and the server the old one: no reason to restart every replica at once.
        return replace(seen, generated_at=seen.at)
    elif server.engine().progress != seen.progress:
        # Work came in meanwhile and the one token had to wait its turn: slow, not stuck.
        return seen
    stood = f"{engine.in_flight:.0f} requests in flight, no token for {seen.at - seen.moved_at:.0f} s"
    message = f"{stood}, and none when asked for one: {problem}"
    raise StuckError(message)


def load(state: Path) -> Look | None:
    """Returns the look before this one, or None when there was none or it cannot be read.

    Args:
        state: Where it was kept.
    """
    try:
        return Look(**json.loads(state.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def save(seen: Look, state: Path) -> None:
    """Keeps a look for the next one, whole or not at all.

    Args:
        seen: The look.
        state: Where to keep it.
    """
    draft = state.with_suffix(".part")
    draft.write_text(json.dumps(asdict(seen)), encoding="utf-8")
    os.replace(draft, state)  # noqa: PTH105 - the name says that it is atomic


def arguments(words: list[str]) -> argparse.Namespace:
    """Returns the command line.

    Args:
        words: As given.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("url", "model"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("key-file", "state"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    for name in ("stalled", "idle", "generation", "drain"):
        parser.add_argument(f"--{name}-seconds", required=True, type=float, dest=name)
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Looks once; returns the exit code.

    Args:
        words: The command line.
    """
    given = arguments(words)
    limits = Limits(stalled=given.stalled, idle=given.idle, generation=given.generation, drain=given.drain)
    server = Server(given.url, given.model, given.key_file.read_text(encoding="utf-8").strip())
    last, now = load(given.state), time.time()
    try:
        save(look(server, last, limits, now), given.state)
    except StuckError as error:
        if last:  # keep when it was looked at, so that the next look still has what to compare with
            save(replace(last, at=now), given.state)
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
