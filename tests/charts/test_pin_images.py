"""Digests are looked up at a registry as registries answer: token first, content held against its digest."""

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from costcheck.errors import SourceError
from tests.charts.conftest import CHART

import pin_images  # isort: skip - from scripts/, which conftest.py makes importable
from tests.loopback import serving

TODAY = dt.date(2026, 11, 26)
MANIFEST = b'{"mediaType": "application/vnd.oci.image.index.v1+json"}'
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"


@dataclass
class Registry:
    """A registry that wants a token for the repository asked for."""

    url: str = ""
    missing: str = ""
    said_digest: str = DIGEST
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def registry() -> Iterator[Registry]:
    state = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            state.asked.append(url.path)
            if url.path == "/token":
                (scope,) = parse_qs(url.query)["scope"]
                self._send(200, json.dumps({"token": scope}).encode())
                return
            scope = f"repository:{url.path.removeprefix('/v2/').partition('/manifests/')[0]}:pull"
            if self.headers["Authorization"] != f"Bearer {scope}":
                challenge = f'Bearer realm="{state.url}/token",service="registry.test",scope="{scope}"'
                self._send(401, b"{}", {"WWW-Authenticate": challenge})
            elif state.missing and state.missing in url.path:
                self._send(404, b"{}")
            else:
                assert "oci.image.index" in self.headers["Accept"]
                self._send(200, MANIFEST, {"Docker-Content-Digest": state.said_digest})

        def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as port:
        state.url = f"http://127.0.0.1:{port}"
        yield state


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    for name in ("values.yaml", "images.json"):
        shutil.copy(CHART / name, tmp_path / name)
    return tmp_path


def test_every_image_of_the_values_is_pinned_with_address_and_date(registry: Registry, chart: Path) -> None:
    pin_images.pin(chart, {"docker.io": registry.url}, TODAY)
    written = json.loads((chart / "images.json").read_text())
    assert sorted(written) == [
        "docker.io/amazon/aws-cli:2.37.5",
        "docker.io/nginxinc/nginx-unprivileged:1.30.4-alpine-slim",
        "docker.io/vllm/vllm-openai:v0.32.0",
    ]
    address = f"{registry.url}/v2/vllm/vllm-openai/manifests/v0.32.0"
    expected = {"digest": DIGEST, "url": address, "date": "2026-11-26"}
    assert written["docker.io/vllm/vllm-openai:v0.32.0"] == expected


def test_one_image_that_is_not_found_leaves_everything_unwritten(registry: Registry, chart: Path) -> None:
    registry.missing = "aws-cli"
    with pytest.raises(SourceError, match=r"manifests/2\.37\.5 does not answer"):
        pin_images.pin(chart, {"docker.io": registry.url}, TODAY)
    assert (chart / "images.json").read_text() == "{}\n"


def test_content_with_another_digest_than_said_is_refused(registry: Registry, chart: Path) -> None:
    registry.said_digest = f"sha256:{'0' * 64}"
    with pytest.raises(SourceError, match="says sha256:0000"):
        pin_images.pin(chart, {"docker.io": registry.url}, TODAY)


def test_a_registry_that_cannot_be_reached_is_named(chart: Path) -> None:
    with pytest.raises(SourceError, match=r"http://127\.0\.0\.1:9/v2/vllm"):
        pin_images.pin(chart, {"docker.io": "http://127.0.0.1:9"}, TODAY)


def test_docker_hub_is_asked_over_https_and_other_registries_by_their_own_name() -> None:
    assert pin_images.REGISTRIES == {"docker.io": "https://registry-1.docker.io"}
    with pytest.raises(SourceError, match=r"https://images\.invalid/v2/a/b/manifests/c"):
        pin_images.look_up("images.invalid/a/b", "c", pin_images.REGISTRIES, TODAY)


def test_nothing_is_pinned_in_the_repository_yet_or_each_entry_says_where_from() -> None:
    for found in json.loads((CHART / "images.json").read_text()).values():
        assert set(found) == {"digest", "url", "date"}
        assert found["url"].startswith("https://")
