"""One pod between the API server and this machine's processes: planned, run, reported, stopped when it is deleted."""

import asyncio
import re
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from localcloud.pods import addresses, sources, status, volumes
from localcloud.pods.api import Api
from localcloud.pods.container import Surroundings
from localcloud.pods.errors import PodError
from localcloud.pods.images import Images
from localcloud.pods.plan import Site, plan_pod
from localcloud.pods.pod import PodRun
from localcloud.pods.service import ready_urls

Json = Any
_RETRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """What all pods of this machine share.

    Attributes:
        extra: Variables that stand for what a real node gives a pod.
        seed: Chooses the first address, so that two local clouds on one machine do not meet.
    """

    scratch: Path
    logs: Path
    images: Images
    extra: dict[str, str]
    seed: str


class ExecutedPod:
    """A pod that this machine executes."""

    def __init__(self, pod: Json, api: Api, station: Station, address: str) -> None:
        metadata = pod["metadata"]
        self.uid: str = metadata["uid"]
        self.node: str = pod["spec"]["nodeName"]
        self.address = address
        self._path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        self._pod, self._api, self._station = pod, api, station
        self._root = station.scratch / self.uid[:8]
        self._logs = station.logs / metadata["namespace"] / metadata["name"]
        self._began = datetime.now(UTC)
        self._changed = asyncio.Event()
        self._deleted = asyncio.Event()
        self._host = ""
        self._killed = False
        self._run: PodRun | None = None
        self._telling: set[asyncio.Task[None]] = set()
        self.update(pod)

    def update(self, pod: Json) -> None:
        """See the pod as the API server has it now."""
        self._pod = pod
        if "deletionTimestamp" in pod["metadata"]:
            self._deleted.set()

    def kill(self) -> None:
        """End everything at once and report nothing more."""
        self._killed = True
        self._deleted.set()
        if self._run is not None:
            self._run.kill()

    async def run(self) -> None:
        """Execute the pod to its end; whatever happens, none of its processes is left."""
        try:
            self._run = await self._plan()
            if self._run is not None and not self._killed:
                await self._execute(self._run)
            if self._deleted.is_set():
                await self._insist(lambda: self._api.force_delete(self._path, self.uid))
        finally:
            if self._run is not None:
                self._run.kill()
            shutil.rmtree(self._root, ignore_errors=True)

    async def _plan(self) -> PodRun | None:
        """Return the pod ready to run, once its sources exist; None if it is deleted before."""
        while not self._deleted.is_set():
            try:
                self._host = await self._host_address()
                return await self._prepared()
            except PodError as exc:
                refused = status.refused(self._pod, exc, self._report())
                await self._insist(partial(self._api.patch_status, self._path, refused))
            except httpx2.HTTPError as exc:
                self._complain(exc)
            await _wait(self._deleted, _RETRY_SECONDS)
        return None

    async def _prepared(self) -> PodRun:
        site = Site(
            root=self._root,
            address=addresses.local(self.address),
            images=self._station.images,
            extra=self._station.extra,
        )
        plan, files = plan_pod(self._pod, await self._sources(), site)
        self._root.mkdir(parents=True, exist_ok=True)
        self._logs.mkdir(parents=True, exist_ok=True)
        volumes.prepare(self._pod, self._root, files)
        around = Surroundings(
            grace_period=plan.grace_period, logs=self._logs, changed=self._changed.set, tell=self._tell
        )
        return PodRun(plan, around, _restart_counts(self._pod))

    async def _sources(self) -> sources.Sources:
        namespace = self._pod["metadata"]["namespace"]
        found: dict[tuple[str, str], sources.Content] = {}
        for kind, name in sources.names(self._pod):
            item = await self._api.get(f"/api/v1/namespaces/{namespace}/{kind.lower()}s/{name}")
            if item is not None:
                found[kind, name] = sources.decoded(item)
        services = {name[0]: await self._ready_address(name) for name in sources.service_names(self._pod)}
        return sources.Sources(contents=found, services={name: to for name, to in services.items() if to})

    async def _ready_address(self, name: re.Match[str]) -> str:
        """Return address and port of a ready pod behind the Service, "" where there is none."""
        service = await self._api.get(f"/api/v1/namespaces/{name['namespace']}/services/{name['name']}") or {
            "spec": {}
        }
        ports = [
            port.get("name", "") for port in service["spec"].get("ports", []) if str(port["port"]) == name["port"]
        ]
        path = f"/apis/discovery.k8s.io/v1/namespaces/{name['namespace']}/endpointslices"
        slices = await self._api.get(f"{path}?labelSelector=kubernetes.io/service-name%3D{name['name']}") or {
            "items": []
        }
        urls = [url for one in slices["items"] for port in ports for url in ready_urls(one, port)]
        return min(urls, default="").removeprefix("http://")

    async def _execute(self, run: PodRun) -> None:
        async with asyncio.TaskGroup() as group:
            reporting = group.create_task(self._keep_reporting(run))
            running = group.create_task(run.run())
            deleting = group.create_task(self._stop_when_deleted(run))
            await running
            deleting.cancel()
            reporting.cancel()
        await self._insist(lambda: self._send_status(run))

    async def _stop_when_deleted(self, run: PodRun) -> None:
        await self._deleted.wait()
        if not self._killed:
            await run.stop(self._pod["metadata"].get("deletionGracePeriodSeconds", run.plan.grace_period))

    async def _keep_reporting(self, run: PodRun) -> None:
        while not self._killed:
            self._changed.clear()
            await self._insist(lambda: self._send_status(run))
            await self._changed.wait()

    async def _insist(self, request: Callable[[], Awaitable[None]]) -> None:
        """Repeat a request until the API server takes it: a pod outlives a restart of the server."""
        while not self._killed:
            try:
                await request()
            except httpx2.HTTPError as exc:
                self._complain(exc)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    def _complain(self, problem: httpx2.HTTPError) -> None:
        said = problem.response.text if isinstance(problem, httpx2.HTTPStatusError) else ""
        print(f"pod runner: {self._path}: {problem!r} {said}; asking again", file=sys.stderr, flush=True)

    async def _send_status(self, run: PodRun) -> None:
        await self._api.patch_status(self._path, status.running(run.plan, run.states, self._report()))

    def _report(self) -> status.Report:
        return status.Report(
            pod_address=self.address,
            host_address=self._host,
            began=self._began,
            now=datetime.now(UTC),
            previous=self._pod.get("status", {}),
        )

    async def _host_address(self) -> str:
        """Return the node's own address, "" if it has none."""
        node = await self._api.get(f"/api/v1/nodes/{self.node}") or {}
        entries = node.get("status", {}).get("addresses", [])
        return next((entry["address"] for entry in entries if entry["type"] == "InternalIP"), "")

    def _tell(self, reason: str, message: str) -> None:
        task = asyncio.get_running_loop().create_task(self._record_event(reason, message))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _record_event(self, reason: str, message: str) -> None:
        event = status.event(self._pod, reason, message, datetime.now(UTC))
        try:
            await self._api.create(f"/api/v1/namespaces/{event['metadata']['namespace']}/events", event)
        except httpx2.HTTPError as exc:
            print(f"pod runner: event {reason} of {self._path} is lost: {exc!r}", file=sys.stderr, flush=True)


def _restart_counts(pod: Json) -> dict[str, int]:
    """Return one more than the API server holds for each container that has run before: its runner was killed."""
    known = pod.get("status", {})
    statuses = [*known.get("initContainerStatuses", []), *known.get("containerStatuses", [])]
    return {entry["name"]: entry["restartCount"] + 1 for entry in statuses if entry.get("containerID")}


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
