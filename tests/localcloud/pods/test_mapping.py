# ruff: noqa: S108  nothing is opened: these are texts
import string

from hypothesis import given
from hypothesis import strategies as st

from localcloud.pods.mapping import LocalView

VIEW = LocalView(
    address="127.77.0.9", paths={"/tmp": "/s/v/tmp", "/etc/proxy": "/s/c/proxy", "/etc/proxy/deep": "/s/v/deep"}
)

names = st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=6)
mounts = st.lists(names, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
folders = names.map(lambda name: f"/scratch/{name.upper()}")


def test_a_path_below_a_mount_leads_to_its_volume() -> None:
    assert VIEW.text("--state=/tmp/a.json /etc/proxy:/tmp") == "--state=/s/v/tmp/a.json /s/c/proxy:/s/v/tmp"


def test_the_longest_mount_wins() -> None:
    assert VIEW.text("/etc/proxy/deep/x") == "/s/v/deep/x"


def test_what_only_looks_like_the_mount_stays() -> None:
    for text in ("/tmpfiles", "/var/tmp", "/tmp-x", "/tmp.old", "s3://bucket/tmp", "https://host/etc/proxy"):
        assert VIEW.text(text) == text


def test_the_pods_own_addresses_become_its_loopback_address() -> None:
    assert VIEW.text("http://localhost:8000 0.0.0.0 127.0.0.1:1") == "http://127.77.0.9:8000 127.77.0.9 127.77.0.9:1"


def test_other_addresses_and_longer_words_stay() -> None:
    for text in ("127.0.0.11", "10.0.0.0.0", "localhost.example.com", "my-localhost", "localhost-x"):
        assert VIEW.text(text) == text


def test_an_address_at_the_end_of_a_sentence_is_an_address() -> None:
    assert VIEW.text("It listens on localhost.") == "It listens on 127.77.0.9."


def test_nginx_listens_on_the_pods_address_alone() -> None:
    config = "server {\n    listen 8080 default_server;\n    listen [::]:8080;\n    listen 0.0.0.0:8081;\n}\n"
    mapped = VIEW.config(config)
    assert mapped == "server {\n    listen 127.77.0.9:8080 default_server;\n    listen 127.77.0.9:8081;\n}\n"


def test_a_known_service_becomes_a_ready_pod_and_an_unknown_one_stays() -> None:
    view = LocalView(address="127.77.0.9", paths={}, services={"chat.models.svc:8080": "127.77.0.5:8080"})
    assert view.text("http://chat.models.svc:8080/v1") == "http://127.77.0.5:8080/v1"
    assert view.text("http://chat.models.svc:8081/v1") == "http://chat.models.svc:8081/v1"


def test_a_port_is_only_an_address_in_a_configuration_file() -> None:
    assert VIEW.text("listen 8080") == "listen 8080"


@given(mount=mounts, folder=folders, tail=names)
def test_every_path_below_a_mount_lands_below_its_folder(mount: str, folder: str, tail: str) -> None:
    view = LocalView(address="127.77.0.9", paths={mount: folder})
    assert view.text(f"{mount}/{tail}") == f"{folder}/{tail}"


@given(
    mount=mounts, folder=folders, text=st.text(alphabet=string.ascii_letters + string.digits + " =:,", max_size=40)
)
def test_text_without_paths_and_addresses_is_never_changed(mount: str, folder: str, text: str) -> None:
    view = LocalView(address="127.77.0.9", paths={mount: folder})
    assert view.text(text) == text.replace("localhost", "127.77.0.9") or "localhost" in text


@given(mount=mounts, folder=folders, before=names, tail=names)
def test_mapping_twice_is_mapping_once(mount: str, folder: str, before: str, tail: str) -> None:
    view = LocalView(address="127.77.0.9", paths={mount: folder})
    once = view.text(f"{before}={mount}/{tail} 127.0.0.1")
    assert view.text(once) == once
