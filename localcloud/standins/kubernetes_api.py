"""The Kubernetes API as the stand-in uses it: any kind, server-side apply, errors in the server's own words."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from localcloud.standins.calls import RefusedError
from localcloud.standins.values import Tree

FIELD_MANAGER = "pulumi-kubernetes"
_NOT_FOUND = 404
_CONFLICT = 409
_REQUEST_TIMEOUT_S = 60


class ApiRefusedError(RefusedError):
    """The API server said no; ``status`` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_missing(self) -> bool:
        """True when the object, its namespace or its kind does not exist."""
        return self.status == _NOT_FOUND

    @property
    def is_conflict(self) -> bool:
        """True when another field manager owns a field."""
        return self.status == _CONFLICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Which object. The namespace of one that has none is ignored."""

    api_version: str
    kind: str
    name: str
    namespace: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    path: str
    plural: str
    namespaced: bool


class KubernetesApi:
    """One cluster's API. Kinds are looked up once and again when one is missing, as CRDs come and go."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401
        self._client = client  # a kubernetes.client.ApiClient, whose stubs are of an older version
        self._kinds: dict[tuple[str, str], _Kind] = {}

    def get(self, reference: Reference) -> Tree | None:
        """The object, or None when it or its kind does not exist."""
        try:
            return self._request("GET", self._path(reference))
        except ApiRefusedError as error:
            if error.is_missing:
                return None
            raise

    def apply(self, reference: Reference, body: Tree, *, dry_run: bool, force: bool) -> Tree:
        """The object after a server-side apply, or as it would be. Raises ApiRefusedError."""
        query = {"fieldManager": FIELD_MANAGER, "force": str(force).lower()}
        if dry_run:
            query["dryRun"] = "All"
        return self._request("PATCH", self._path(reference), body, query=query)

    def delete(self, reference: Reference, *, timeout_s: float) -> None:
        """Deletes the object and waits until it is gone; one that is gone already is no error."""
        try:
            self._request("DELETE", self._path(reference), {"propagationPolicy": "Foreground"})
        except ApiRefusedError as error:
            if error.is_missing:
                return
            raise
        self._wait_until_gone(reference, timeout_s)

    def _wait_until_gone(self, reference: Reference, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        pause = 0.05
        while live := self.get(reference):
            if time.monotonic() > deadline:
                finalizers = ", ".join(live["metadata"].get("finalizers") or ["none"])
                message = f"{reference} is still there {timeout_s:.0f} s after its deletion; finalizers: {finalizers}"
                raise RefusedError(message)
            time.sleep(pause)
            pause = min(pause * 2, 1)

    def is_namespaced(self, reference: Reference) -> bool:
        """True when objects of this kind live in a namespace. Raises ApiRefusedError when the kind is missing."""
        return self._kind(reference).namespaced

    def _path(self, reference: Reference) -> str:
        kind = self._kind(reference)
        namespace = f"/namespaces/{reference.namespace}" if kind.namespaced else ""
        return f"{kind.path}{namespace}/{kind.plural}/{reference.name}"

    def _kind(self, reference: Reference) -> _Kind:
        key = (reference.api_version, reference.kind)
        if key not in self._kinds:
            self._discover(reference.api_version)
        if key not in self._kinds:
            message = f"the cluster has no kind {reference.kind} in {reference.api_version}"
            raise ApiRefusedError(_NOT_FOUND, message)
        return self._kinds[key]

    def _discover(self, api_version: str) -> None:
        path = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            resources = self._request("GET", path)["resources"]
        except ApiRefusedError as error:
            if error.is_missing:
                return
            raise
        for each in resources:
            if "/" not in each["name"]:  # those with a slash are subresources
                found = _Kind(path=path, plural=each["name"], namespaced=each["namespaced"])
                self._kinds[api_version, each["kind"]] = found

    def _request(
        self, method: str, path: str, body: Tree | None = None, *, query: Mapping[str, str] | None = None
    ) -> Tree:
        content = "application/apply-patch+yaml" if method == "PATCH" else "application/json"
        request = self._client.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json", "Content-Type": content},
            body=json.dumps(body) if method == "PATCH" else body,
            auth_settings=["BearerToken"],
        )
        try:
            response = self._client.call_api(*request, _request_timeout=_REQUEST_TIMEOUT_S)
            answer = response.read()
        except (ApiException, HTTPError) as error:
            raise RefusedError(_unreachable(self._client.configuration.host, error)) from error
        if not 200 <= response.status <= 299:  # noqa: PLR2004  -- success, RFC 9110 section 15.3
            raise ApiRefusedError(response.status, _message(answer, response.status))
        tree: Tree = json.loads(answer)
        return tree


def _message(answer: bytes, status: int) -> str:
    """What the server says in its Status object, which never repeats a Secret's data."""
    try:
        return str(json.loads(answer)["message"])
    except (ValueError, KeyError, TypeError):
        return f"the API server answered {status}: {answer[:300].decode(errors='replace')}"


def _unreachable(host: str, error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return f"the Kubernetes API at {host} cannot be reached: {reason}"
