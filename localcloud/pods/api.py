"""The few requests to the Kubernetes API that the runner and the tests make, as plain JSON."""

import base64
import json
import ssl
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import yaml

Json = Any
_PATCH = {"Content-Type": "application/strategic-merge-patch+json"}
_MISSING = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Where the API server is, and with which certificate it is asked."""

    url: str
    trust: ssl.SSLContext

    @classmethod
    def from_kubeconfig(cls, path: Path) -> "Cluster":
        """Return the cluster of the current context; its user must have a client certificate."""
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        context = _named(config["contexts"], config["current-context"])["context"]
        cluster = _named(config["clusters"], context["cluster"])["cluster"]
        user = _named(config["users"], context["user"])["user"]
        trust = ssl.create_default_context(cadata=_content(cluster, "certificate-authority").decode())
        with tempfile.NamedTemporaryFile() as pair:  # Python reads certificates from files only
            pair.write(_content(user, "client-certificate") + b"\n" + _content(user, "client-key"))
            pair.flush()
            trust.load_cert_chain(pair.name)
        return cls(url=cluster["server"], trust=trust)

    def client(self) -> httpx2.AsyncClient:
        """Return a client of its own; proxies of the environment are left alone, the server is on this machine."""
        return httpx2.AsyncClient(base_url=self.url, verify=self.trust, trust_env=False, timeout=30)

    def blocking_client(self) -> httpx2.Client:
        """Return the same for code without an event loop."""
        return httpx2.Client(base_url=self.url, verify=self.trust, trust_env=False, timeout=30)


class Api:
    """What the runner asks of the API server."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def get(self, path: str) -> Json | None:
        """Return the object, None where there is none."""
        answer = await self._client.get(path)
        return None if answer.status_code == _MISSING else answer.raise_for_status().json()

    async def patch_status(self, path: str, status: Json) -> None:
        """Merge into the object's status; an object that is gone needs none."""
        answer = await self._client.patch(f"{path}/status", content=json.dumps({"status": status}), headers=_PATCH)
        if answer.status_code != _MISSING:
            answer.raise_for_status()

    async def create(self, path: str, body: Json) -> None:
        """Create an object in the collection."""
        (await self._client.post(path, json=body)).raise_for_status()

    async def force_delete(self, path: str, uid: str) -> None:
        """Delete the object at once, unless another has its name by now."""
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
        answer = await self._client.request("DELETE", path, json=body)
        if answer.status_code not in {_MISSING, 409}:
            answer.raise_for_status()

    async def watch(self, path: str) -> AsyncIterator[tuple[str, Json]]:
        """Yield ADDED, MODIFIED or DELETED with the object: first all that exist, then every change, without an end.

        When the stream breaks, all that exist are yielded again, after RELISTED with their list.
        """
        while True:
            listing = (await self._client.get(path)).raise_for_status().json()
            yield "RELISTED", listing
            for item in listing["items"]:
                yield "ADDED", item
            async for event in self._changes(path, listing["metadata"]["resourceVersion"]):
                yield event

    async def _changes(self, path: str, version: str) -> AsyncIterator[tuple[str, Json]]:
        watch = f"{path}{'&' if '?' in path else '?'}watch=true&timeoutSeconds=300&resourceVersion={version}"
        try:
            async with self._client.stream("GET", watch, timeout=330) as answer:
                answer.raise_for_status()
                async for line in answer.aiter_lines():
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        return
                    yield event["type"], event["object"]
        except httpx2.TransportError:
            return


def _named(entries: Json, name: str) -> Json:
    return next(entry for entry in entries if entry["name"] == name)


def _content(holder: Json, key: str) -> bytes:
    inline = holder.get(f"{key}-data")
    return base64.b64decode(inline) if inline is not None else Path(holder[key]).read_bytes()
