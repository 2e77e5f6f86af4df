"""What the control plane is started with."""

import datetime as dt
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from localcloud.cluster_api import _PLURALS
from localcloud.control_plane import RUN_LABEL, kubeconfig, leave_alone_what_runs, webhook_config
from localcloud.paths import REPOSITORY
from localcloud.pki import IDENTITIES, Pki
from localcloud.run_pods import _LIST

OBJECTS = [
    item
    for file in sorted((REPOSITORY / "localcloud" / "cluster_objects").glob("*.yaml"))
    for item in yaml.safe_load_all(file.read_text(encoding="utf-8"))
]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    made = Pki(tmp_path_factory.mktemp("made") / "pki")
    made.make()
    return made


def test_kwok_skips_pods_that_are_executed_in_every_stage_of_pods_and_in_none_of_nodes() -> None:
    stages = [
        {"spec": {"resourceRef": {"kind": kind}, "selector": {"matchExpressions": [{"key": "own"}]}}}
        for kind in ("Pod", "Node")
    ]
    pod, node = leave_alone_what_runs(stages)
    skip = {"key": f'.metadata.labels["{RUN_LABEL}"]', "operator": "NotIn", "values": ["true"]}
    assert pod["spec"]["selector"]["matchExpressions"] == [{"key": "own"}, skip]
    assert node["spec"]["selector"]["matchExpressions"] == [{"key": "own"}]


def test_a_stage_without_expressions_skips_them_too() -> None:
    (stage,) = leave_alone_what_runs([{"spec": {"resourceRef": {"kind": "Pod"}, "selector": {}}}])
    assert len(stage["spec"]["selector"]["matchExpressions"]) == 1


def test_the_policies_and_the_command_speak_of_the_same_label_and_list() -> None:
    listed = [item["metadata"] for item in OBJECTS if item["kind"] == "ConfigMap"]
    assert listed == [_LIST]
    policies = [item for item in OBJECTS if item["kind"] == "MutatingAdmissionPolicy"]
    assert all(RUN_LABEL in str(item["spec"]["mutations"]) for item in policies)
    assert len(policies) == 2


def test_every_policy_is_bound() -> None:
    bound = {item["spec"]["policyName"] for item in OBJECTS if item["kind"] == "MutatingAdmissionPolicyBinding"}
    assert bound == {item["metadata"]["name"] for item in OBJECTS if item["kind"] == "MutatingAdmissionPolicy"}


def test_every_kind_of_our_objects_can_be_applied() -> None:
    assert {item["kind"] for item in OBJECTS} <= set(_PLURALS)


@pytest.mark.parametrize("name", sorted(IDENTITIES))
def test_certificates_are_valid_from_before_now_for_a_year_at_most(pki: Pki, name: str) -> None:
    certificate = x509.load_pem_x509_certificate(pki.certificate(name).read_bytes())
    now = dt.datetime.now(dt.UTC)
    assert certificate.not_valid_before_utc < now < certificate.not_valid_after_utc < now + dt.timedelta(days=366)


def test_only_the_administrator_and_kwok_are_masters(pki: Pki) -> None:
    masters = [name for name in IDENTITIES if "O=system:masters" in _subject(pki, name)]
    assert sorted(masters) == ["admin", "kwok"]


def _subject(pki: Pki, name: str) -> str:
    return x509.load_pem_x509_certificate(pki.certificate(name).read_bytes()).subject.rfc4514_string()


def test_keys_are_for_their_owner_only(pki: Pki) -> None:
    modes = {stat.S_IMODE(file.stat().st_mode) for file in pki.folder.glob("*.key")}
    assert modes == {0o600}
    assert stat.S_IMODE(pki.folder.stat().st_mode) == 0o700


def test_a_second_start_keeps_the_certificates(pki: Pki) -> None:
    before = pki.ca.read_bytes()
    pki.make()
    assert pki.ca.read_bytes() == before


def test_a_half_made_authority_is_made_anew(tmp_path: Path) -> None:
    half = Pki(tmp_path)
    half.ca.write_text("half")
    half.make()
    assert _subject(half, "admin")
    assert half.account_key.exists()


def test_a_client_that_trusts_the_authority_reaches_the_server_by_its_loopback_address(pki: Pki) -> None:
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=pki.ca)
    server_side.verify_mode = ssl.CERT_REQUIRED
    server_side.load_cert_chain(pki.certificate("server"), pki.key("server"))
    client_side = ssl.create_default_context(cafile=pki.ca)
    client_side.load_cert_chain(pki.certificate("admin"), pki.key("admin"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = threading.Thread(target=_greet, args=(listening, server_side))
        answering.start()
        with (
            socket.create_connection(listening.getsockname()) as plain,
            client_side.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            assert secured.recv(5) == b"hello"
        answering.join()


def _greet(listening: socket.socket, tls: ssl.SSLContext) -> None:
    connection, _ = listening.accept()
    with tls.wrap_socket(connection, server_side=True) as secured:
        secured.sendall(b"hello")


def test_a_kubeconfig_names_the_server_and_the_identitys_files(pki: Pki) -> None:
    told = yaml.safe_load(kubeconfig("https://127.0.0.1:1", pki, "kwok"))
    assert told["clusters"][0]["cluster"] == {"server": "https://127.0.0.1:1", "certificate-authority": str(pki.ca)}
    assert told["users"][0]["user"]["client-key"] == str(pki.key("kwok"))


def test_the_api_server_asks_the_pretend_account_about_tokens() -> None:
    told = yaml.safe_load(webhook_config("http://127.0.0.1:1/kubernetes/authenticate"))
    assert told["clusters"][0]["cluster"]["server"] == "http://127.0.0.1:1/kubernetes/authenticate"
