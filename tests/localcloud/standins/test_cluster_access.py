import base64
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.standins.calls import RefusedError
from localcloud.standins.cluster_access import ClusterAccess, Kubeconfig

CREDENTIAL = {
    "kind": "ExecCredential",
    "apiVersion": "client.authentication.k8s.io/v1beta1",
    "status": {"token": "fetched", "expirationTimestamp": "2999-01-01T00:00:00Z"},
}


def kubeconfig(user: dict[str, object], cluster: dict[str, object] | None = None) -> str:
    return json.dumps(
        {
            "current-context": "x",
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1", **(cluster or {})}}],
            "users": [{"name": "u", "user": user}],
        }
    )


def plugin(folder: Path, words: str) -> Path:
    """A credential plugin that notes each run."""
    file = folder / "plugin"
    file.write_text(f"#!/bin/sh\necho run >> {folder}/runs\ncat <<'EOF'\n{words}\nEOF\n")
    file.chmod(0o700)
    return file


def exec_user(command: Path | str) -> dict[str, object]:
    return {"exec": {"apiVersion": CREDENTIAL["apiVersion"], "command": str(command), "interactiveMode": "Never"}}


def read_by_a_child(access: ClusterAccess) -> dict[str, object]:
    with access.helm_kubeconfig() as (file, descriptor):
        shown = subprocess.run(  # noqa: S603  -- our own command
            [sys.executable, "-c", "import sys; print(open(sys.argv[1]).read())", file],
            pass_fds=[descriptor],
            capture_output=True,
            check=True,
        )
    content: dict[str, object] = json.loads(shown.stdout)
    return content


def test_a_kubeconfig_given_as_text_reaches_a_child_without_a_file_on_disk(tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    access = ClusterAccess(Kubeconfig.parse(kubeconfig({"token": "t0k3n"})))
    assert read_by_a_child(access)["users"] == [{"name": "u", "user": {"token": "t0k3n"}}]
    assert set(tmp_path.rglob("*")) == before


def test_only_the_owner_can_read_the_kubeconfig_for_a_child() -> None:
    with ClusterAccess(Kubeconfig.parse(kubeconfig({"token": "t"}))).helm_kubeconfig() as (_, descriptor):
        assert stat.S_IMODE(os.fstat(descriptor).st_mode) == 0o600


def test_an_exec_plugin_runs_once_for_the_client_and_every_helm_command(tmp_path: Path) -> None:
    user = exec_user(plugin(tmp_path, json.dumps(CREDENTIAL)))
    access = ClusterAccess(Kubeconfig.parse(kubeconfig(user)))
    shown = [read_by_a_child(access)["users"] for _ in range(2)]
    assert shown == [[{"name": "u", "user": {"token": "fetched"}}]] * 2
    assert access.client.configuration.get_api_key_with_prefix("BearerToken") == "Bearer fetched"
    assert (tmp_path / "runs").read_text().splitlines() == ["run"]


def test_a_token_that_has_expired_is_fetched_again(tmp_path: Path) -> None:
    status = {"token": "fetched", "expirationTimestamp": "2001-01-01T00:00:00Z"}
    user = exec_user(plugin(tmp_path, json.dumps(CREDENTIAL | {"status": status})))
    access = ClusterAccess(Kubeconfig.parse(kubeconfig(user)))
    before = len((tmp_path / "runs").read_text().splitlines())
    read_by_a_child(access)
    assert len((tmp_path / "runs").read_text().splitlines()) > before


def test_an_exec_plugin_that_gives_nothing_is_named(tmp_path: Path) -> None:
    command = plugin(tmp_path, "no credentials today")
    with pytest.raises(RefusedError, match=str(command)):
        ClusterAccess(Kubeconfig.parse(kubeconfig(exec_user(command))))


def test_embedded_certificates_are_read_from_memory() -> None:
    certificate = base64.b64encode(b"PEM").decode()
    text = kubeconfig({"token": "t"}, {"certificate-authority-data": certificate, "insecure-skip-tls-verify": True})
    file = ClusterAccess(Kubeconfig.parse(text)).client.configuration.ssl_ca_cert
    assert file.startswith("/proc/self/fd/")
    assert Path(file).read_bytes() == b"PEM"


def test_relative_names_in_a_file_are_those_of_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(kubeconfig({"client-key": "keys/k.pem", "exec": {"command": "./bin/plugin"}}))
    parsed = Kubeconfig.parse(str(file))
    user = parsed.content["users"][0]["user"]
    assert user["client-key"] == str(tmp_path / "keys" / "k.pem")
    assert user["exec"]["command"] == str(tmp_path / "bin" / "plugin")


def test_a_command_without_a_folder_is_looked_for_on_the_path() -> None:
    parsed = Kubeconfig.parse(kubeconfig({"exec": {"command": "aws"}}))
    assert parsed.content["users"][0]["user"]["exec"]["command"] == "aws"


@pytest.mark.parametrize("text", ["a: [\n", "{}", "\n- a\n"])
def test_a_text_that_is_no_kubeconfig_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(RefusedError, match="the kubeconfig given as text cannot be used"):
        Kubeconfig.parse(text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=f"{tmp_path}/none"):
        Kubeconfig.parse(str(tmp_path / "none"))


def test_a_context_that_names_no_cluster_is_refused() -> None:
    with pytest.raises(RefusedError, match="no 'there' under contexts"):
        Kubeconfig.parse(kubeconfig({}), context="there").active_cluster()
