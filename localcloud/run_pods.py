"""`run-pods`: the pods of some namespaces are executed, instead of only said to run."""

from collections.abc import Sequence

from localcloud.cluster_api import ClusterApi
from localcloud.control_plane import RUN_LABEL
from localcloud.environment import read
from localcloud.paths import Home
from localcloud.pki import Pki
from localcloud.ports import Ports

_LIST = {"name": "localcloud-run-pods", "namespace": "default"}  # as cluster_objects/who-runs-a-pod.yaml names it


def run_pods(home: Home, namespaces: Sequence[str]) -> None:
    """Have these namespaces labelled, now if they exist and else as they are created.

    Raises:
        LocalCloudError: The local cloud is not up, or the API server refuses.
    """
    read(home)
    api = ClusterApi(port=Ports.kept_in(home.ports_file).apiserver, pki=Pki(home.pki))
    for name in namespaces:
        metadata = {"metadata": _LIST, "data": {name: "true"}}
        api.apply({"apiVersion": "v1", "kind": "ConfigMap", **metadata}, manager=f"localcloud-{name}")
        if api.answers(f"/api/v1/namespaces/{name}"):
            api.apply(
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {RUN_LABEL: "true"}}}
            )
            print(f"{name}: its new pods are executed; those that are there stay as they are")
        else:
            print(f"{name}: its pods will be executed")
