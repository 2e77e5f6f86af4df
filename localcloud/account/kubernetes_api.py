"""The local control plane's API in plain JSON, with the administrator's kubeconfig."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubernetes import client, config

_GONE, _EXISTS = 404, 409
_TIMEOUT_S = 30
_MERGE_PATCH = "application/merge-patch+json"


class KubernetesApi:
    """Reads and writes objects by their path in the API."""

    def __init__(self, kubeconfig: Path) -> None:
        self._client: Any = config.new_client_from_config(str(kubeconfig))  # whose stubs are of an older version

    def items(self, path: str) -> list[dict[str, Any]]:
        """All objects of a collection; none when the type is not defined."""
        try:
            found: list[dict[str, Any]] = self._call("GET", path)["items"]
        except client.ApiException as error:
            if error.status == _GONE:
                return []
            raise
        return found

    def create(self, path: str, body: Mapping[str, Any]) -> None:
        """Makes the object; one that is there already is no error and stays as it is."""
        try:
            self._call("POST", path, body)
        except client.ApiException as error:
            if error.status != _EXISTS:
                raise

    def patch(self, path: str, body: Mapping[str, Any]) -> None:
        """Merges the body into the object; one that is gone is no error."""
        try:
            self._call("PATCH", path, body)
        except client.ApiException as error:
            if error.status != _GONE:
                raise

    def delete(self, path: str) -> None:
        """Deletes the object; one that is gone is no error."""
        try:
            self._call("DELETE", path)
        except client.ApiException as error:
            if error.status != _GONE:
                raise

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
        headers = {
            "Accept": "application/json",
            "Content-Type": _MERGE_PATCH if method == "PATCH" else "application/json",
        }
        request = self._client.param_serialize(
            method, path, header_params=headers, body=body, auth_settings=["BearerToken"]
        )
        response = self._client.call_api(*request, _request_timeout=_TIMEOUT_S)
        content = response.read()
        self._client.response_deserialize(response, {})  # raises ApiException for a refusal
        return json.loads(content)


def connect(kubeconfig: Path) -> KubernetesApi | None:
    """The API, or None when no control plane is set up."""
    return KubernetesApi(kubeconfig) if kubeconfig.exists() else None
