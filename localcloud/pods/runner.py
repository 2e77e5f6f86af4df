"""`python -m localcloud.pods.runner`: execute pods labelled localcloud.worthwhile.dev/run=true, until SIGTERM.

The runner holds nothing: pods and restart counts are in the API server, its folder is emptied at every start. When it
is killed its pods end with it, and start again with the next one.
"""

import asyncio
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2

from localcloud.paths import Home
from localcloud.pods import addresses
from localcloud.pods.api import Api, Cluster
from localcloud.pods.executed_pod import ExecutedPod, Station
from localcloud.pods.images import Images
from localcloud.pods.scratch import scratch_folder

Json = Any
_PODS = "/api/v1/pods?labelSelector=localcloud.worthwhile.dev/run%3Dtrue"
_RETRY_SECONDS = 1.0
_MARK = "LOCALCLOUD_SUPERVISED"  # `down` finds by it what a killed local cloud left behind


class Runner:
    """All pods that are executed on this machine."""

    def __init__(self, api: Api, station: Station) -> None:
        self._api = api
        self._station = station
        self._pods: dict[str, ExecutedPod] = {}
        self._recorded: frozenset[str] = frozenset()
        self._tasks: set[asyncio.Task[None]] = set()

    async def watch_pods(self) -> None:
        """Take, stop and forget pods as the API server says."""
        async for kind, item in self._api.watch(_PODS):
            if kind == "RELISTED":
                self._recorded = frozenset(pod["status"].get("podIP", "") for pod in item["items"])
                self._forget_missing({pod["metadata"]["uid"] for pod in item["items"]})
            elif kind == "DELETED":
                self._kill(item["metadata"]["uid"])
            else:
                self._see(item)

    async def watch_nodes(self) -> None:
        """Kill what ran on a node that is gone: a machine without power reports nothing."""
        async for kind, item in self._api.watch("/api/v1/nodes"):
            if kind == "RELISTED":
                existing = {node["metadata"]["name"] for node in item["items"]}
                self._lose({pod.node for pod in self._pods.values()} - existing)
            elif kind == "DELETED":
                self._lose({item["metadata"]["name"]})

    def _lose(self, nodes: set[str]) -> None:
        """Kill the nodes' pods; they stay known until they are deleted, so that none starts again on a lost node."""
        for pod in self._pods.values():
            if pod.node in nodes:
                pod.kill()

    def kill_all(self) -> None:
        """End everything at once."""
        for uid in list(self._pods):
            self._kill(uid)

    def _see(self, pod: Json) -> None:
        uid = pod["metadata"]["uid"]
        if uid in self._pods:
            self._pods[uid].update(pod)
        elif pod["spec"].get("nodeName") and not _is_over(pod):
            self._take(pod)

    def _take(self, pod: Json) -> None:
        taken = self._recorded | {other.address for other in self._pods.values()}
        address = pod["status"].get("podIP") or addresses.free(taken, seed=self._station.seed)
        executed = ExecutedPod(pod, self._api, self._station, address)
        self._pods[executed.uid] = executed
        task = asyncio.get_running_loop().create_task(executed.run())
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            traceback.print_exception(fault)

    def _forget_missing(self, existing: set[str]) -> None:
        for uid in set(self._pods) - existing:
            self._kill(uid)

    def _kill(self, uid: str) -> None:
        if pod := self._pods.pop(uid, None):
            pod.kill()


def _is_over(pod: Json) -> bool:
    return pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}


async def run(home: Home, environ: dict[str, str]) -> None:
    """Execute pods until SIGTERM or SIGINT."""
    scratch = scratch_folder(home.root)
    shutil.rmtree(scratch, ignore_errors=True)
    station = Station(
        scratch=scratch,
        logs=home.run / "pods",
        images=Images(home.tools),
        extra={name: value for name, value in environ.items() if name.startswith("AWS_") or name == _MARK},
        seed=str(home.root),
    )
    async with Cluster.from_kubeconfig(home.kubeconfig).client() as client:
        runner = Runner(Api(client), station)
        watching = asyncio.gather(_persist(runner.watch_pods), _persist(runner.watch_nodes))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, watching.cancel)
        try:
            await watching
        except asyncio.CancelledError:
            runner.kill_all()
            shutil.rmtree(scratch, ignore_errors=True)


async def _persist(watch: Callable[[], Awaitable[None]]) -> None:
    """Watch again when the API server cannot be reached: it may be starting."""
    while True:
        try:
            await watch()
        except httpx2.HTTPError as exc:
            print(f"pod runner: {exc!r}; asking again", file=sys.stderr, flush=True)
            await asyncio.sleep(_RETRY_SECONDS)


def main() -> None:
    """Run with the home that the environment names."""
    asyncio.run(run(Home.from_environment(os.environ), dict(os.environ)))


if __name__ == "__main__":
    main()
