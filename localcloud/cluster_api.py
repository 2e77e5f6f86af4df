"""The cluster's API as its administrator uses it at start: is it ready, apply these objects."""

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

from localcloud.errors import ProcessError
from localcloud.pki import Pki
from localcloud.ports import LOOPBACK

_TIMEOUT_S = 10
_RETRY_S = 0.1
_PLURALS = {
    "ConfigMap": "configmaps",
    "CustomResourceDefinition": "customresourcedefinitions",
    "MutatingAdmissionPolicy": "mutatingadmissionpolicies",
    "MutatingAdmissionPolicyBinding": "mutatingadmissionpolicybindings",
    "Namespace": "namespaces",
}
_APPLY = "application/apply-patch+yaml"


class ClusterApi:
    """One cluster's API, spoken with a certificate of its own authority."""

    def __init__(self, *, port: int, pki: Pki) -> None:
        self._port = port
        self._tls = ssl.create_default_context(cafile=pki.ca)
        self._tls.load_cert_chain(pki.certificate("admin"), pki.key("admin"))

    def is_ready(self) -> bool:
        """True once the server says that all its parts, roles included, are ready."""
        try:
            status, _ = self._request("GET", "/readyz")
        except OSError:
            return False
        return status == http.HTTPStatus.OK

    def apply(self, item: Mapping[str, Any], *, manager: str = "localcloud") -> None:
        """Create or change an object (server-side apply); each manager owns the fields that it applied last.

        Raises:
            ProcessError: The server refuses it.
        """
        api, kind, name = item["apiVersion"], item["kind"], item["metadata"]["name"]
        namespace = item["metadata"].get("namespace")
        folder = f"{'/apis' if '/' in api else '/api'}/{api}{f'/namespaces/{namespace}' if namespace else ''}"
        path = f"{folder}/{_PLURALS[kind]}/{name}?fieldManager={manager}&force=true"
        status, answer = self._request("PATCH", path, json.dumps(item))
        if status not in {http.HTTPStatus.OK, http.HTTPStatus.CREATED}:
            raise ProcessError(
                seen=f"{kind} {name} is refused: {answer}",
                expected="an object that this API server takes",
                action="read its message above",
            )

    def apply_file(self, file: Path) -> None:
        """Apply every object in a YAML file. Raises as apply."""
        with file.open(encoding="utf-8") as text:
            for item in yaml.load_all(text, yaml.CSafeLoader):  # as the safe loader, but fast
                self.apply(item)

    def answers(self, path: str) -> bool:
        """True if there is something at this path."""
        return self._request("GET", path)[0] == http.HTTPStatus.OK

    def wait_for_kind(self, path: str, *, seconds: float) -> None:
        """Return once a path of the API answers.

        Raises:
            ProcessError: It did not in time.
        """
        deadline = time.monotonic() + seconds
        while not self.answers(f"{path}?limit=1"):
            if time.monotonic() > deadline:
                raise ProcessError(seen=f"{path} is not served", expected="its CRD", action="read kube-apiserver.log")
            time.sleep(_RETRY_S)

    def _request(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPSConnection(LOOPBACK, self._port, timeout=_TIMEOUT_S, context=self._tls)
        with closing(connection):
            connection.request(method, path, body, {"Content-Type": _APPLY, "Accept": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
