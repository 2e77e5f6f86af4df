"""A file arrives whole or not at all, from a host on loopback that does what hosts and proxies do."""

import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from costcheck.errors import InputFileError, SourceError, SourcePayloadError, SourceRateLimitError
from costcheck.sources.http import RetryPolicy
from costcheck.sources.prices.public_download import PublicHost
from tests.loopback import serving

AT_ONCE = RetryPolicy(attempts=4, wait_initial_seconds=0, wait_max_seconds=0, wait_jitter_seconds=0)
CONTENT = bytes(range(256)) * 4096  # 1 MiB, no two neighbours alike
HALF = len(CONTENT) // 2
PATH = "/offers/v1.0/aws/AmazonEC2/20261120120000/us-east-1/index.csv"


@dataclass
class Host:
    """A host of one file that may break off, forget ranges, or put something else in its place.

    Attributes:
        cuts: After how many bytes each answer breaks off; the rest arrive whole.
        refusals: Statuses with headers that come before anything else.
        ranges: Whether it continues; if not, it sends everything again.
    """

    content: bytes = CONTENT
    etag: str = '"one"'
    cuts: list[int] = field(default_factory=list)
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    ranges: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    after_cut: Callable[[], None] = lambda: None
    url: str = ""


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    state = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = {name.lower(): value for name, value in self.headers.items()}
            state.asked.append(asked)
            if state.refusals:
                status, headers = state.refusals.pop(0)
                self.answer(status, headers, b"")
                return
            wanted = re.fullmatch(r"bytes=(\d+)-", asked.get("range", ""))
            start = int(wanted[1]) if wanted and state.ranges and asked.get("if-range") == state.etag else 0
            if start >= len(state.content):
                self.answer(416, {}, b"")
                return
            headers = {"etag": state.etag} | state.headers if state.etag else state.headers
            if start:
                headers = {"content-range": f"bytes {start}-{len(state.content) - 1}/{len(state.content)}"} | headers
            self.answer(206 if start else 200, headers, state.content[start:])

        def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            cut = state.cuts.pop(0) if state.cuts and status < 300 else len(body)
            self.wfile.write(body[:cut])
            if cut < len(body):
                self.wfile.flush()
                state.after_cut()
                self.connection.close()

    with serving(Handler) as port:
        state.url = f"http://127.0.0.1:{port}"
        yield state


def saved(host: Host, folder: Path, *, timeout_seconds: float = 10) -> bytes:
    with PublicHost(host.url, retry=AT_ONCE, timeout_seconds=timeout_seconds) as public:
        public.save(PATH, folder / "file")
    return (folder / "file").read_bytes()


def test_a_file_arrives_as_it_is_and_its_progress_is_told(host: Host, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    with PublicHost(host.url, retry=AT_ONCE) as public:
        public.save(PATH, tmp_path / "file", lambda done, total: told.append((done, total)))
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert host.asked[0]["accept-encoding"] == "identity"


def test_a_download_that_is_cut_goes_on_where_it_stopped(host: Host, tmp_path: Path) -> None:
    host.cuts = [HALF, HALF // 2]
    assert saved(host, tmp_path) == CONTENT
    assert [asked.get("range") for asked in host.asked] == [None, f"bytes={HALF}-", f"bytes={HALF + HALF // 2}-"]
    assert host.asked[1]["if-range"] == '"one"'


def test_a_file_that_has_changed_meanwhile_is_fetched_from_its_beginning(host: Host, tmp_path: Path) -> None:
    host.cuts = [HALF]

    def change() -> None:
        host.content, host.etag = CONTENT[::-1], '"two"'

    host.after_cut = change
    assert saved(host, tmp_path) == CONTENT[::-1]


@pytest.mark.parametrize("etag", ["", 'W/"one"'])
def test_without_a_strong_etag_a_cut_download_begins_anew(host: Host, tmp_path: Path, etag: str) -> None:
    host.cuts, host.etag = [HALF], etag
    assert saved(host, tmp_path) == CONTENT
    assert "range" not in host.asked[1]


def test_a_host_that_knows_no_ranges_sends_everything_again(host: Host, tmp_path: Path) -> None:
    host.cuts, host.ranges = [HALF], False
    assert saved(host, tmp_path) == CONTENT


def test_an_answer_that_goes_on_elsewhere_is_not_appended(host: Host, tmp_path: Path) -> None:
    host.cuts = [HALF]
    host.after_cut = lambda: host.headers.update({"content-range": "bytes 5-9/10"})
    assert saved(host, tmp_path) == CONTENT
    assert "range" not in host.asked[-1]


def test_a_file_that_has_become_shorter_is_fetched_from_its_beginning(host: Host, tmp_path: Path) -> None:
    host.cuts = [HALF]

    def shorten() -> None:
        host.content = CONTENT[:100]

    host.after_cut = shorten
    assert saved(host, tmp_path) == CONTENT[:100]


def test_a_file_that_never_arrives_whole_is_an_error(host: Host, tmp_path: Path) -> None:
    host.cuts = [10, 10, 10, 10]
    with pytest.raises(SourceError, match=r"index\.csv did not arrive whole"):
        saved(host, tmp_path)
    assert len(host.asked) == AT_ONCE.attempts


def test_an_answer_that_a_proxy_has_compressed_is_unpacked_and_never_continued(host: Host, tmp_path: Path) -> None:
    host.content, host.headers, host.cuts = gzip.compress(CONTENT), {"content-encoding": "gzip"}, [2000]
    assert saved(host, tmp_path) == CONTENT
    assert "range" not in host.asked[1]


@pytest.mark.parametrize(
    "refusal", [(500, {}), (503, {"retry-after": "0"}), (429, {"retry-after": "0"})], ids=["500", "503", "429"]
)
def test_a_passing_refusal_is_waited_out(host: Host, tmp_path: Path, refusal: tuple[int, dict[str, str]]) -> None:
    host.refusals = [refusal, refusal]
    assert saved(host, tmp_path) == CONTENT


def test_a_host_that_keeps_asking_to_wait_is_an_error_of_its_own(host: Host, tmp_path: Path) -> None:
    host.refusals = [(429, {"retry-after": "0"})] * AT_ONCE.attempts
    with pytest.raises(SourceRateLimitError):
        saved(host, tmp_path)


@pytest.mark.parametrize("status", [403, 404])
def test_a_file_that_is_not_there_is_an_error_at_once(host: Host, tmp_path: Path, status: int) -> None:
    host.refusals = [(status, {})]
    with pytest.raises(SourceError, match=rf"{PATH} answered {status}") as caught:
        saved(host, tmp_path)
    assert "check the region" in caught.value.action
    assert len(host.asked) == 1


def test_a_proxy_that_sends_elsewhere_to_log_in_is_an_error(host: Host, tmp_path: Path) -> None:
    host.refusals = [(302, {"location": f"{host.url}/login"})]
    with pytest.raises(SourceError, match="answered 302"):
        saved(host, tmp_path)


def test_no_host_at_all_is_an_error(tmp_path: Path) -> None:
    with serving(BaseHTTPRequestHandler) as port:
        nobody = f"http://127.0.0.1:{port}"
    with pytest.raises(SourceError, match="did not arrive whole"), PublicHost(nobody, retry=AT_ONCE) as public:
        public.save(PATH, tmp_path / "file")


def test_a_disk_that_refuses_is_an_error_that_names_the_way_out(host: Host, tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(InputFileError) as caught:
        saved(host, tmp_path)
    assert "TMPDIR" in caught.value.action


@pytest.mark.parametrize("content", [b"<html>Sign in</html>", b'{"regions":', b"[]", b"\xff\xfe", b'{"regions":[1]}'])
def test_an_index_that_is_none_is_an_error(host: Host, tmp_path: Path, content: bytes) -> None:
    host.content = content
    with pytest.raises(SourcePayloadError, match="index"), PublicHost(host.url, retry=AT_ONCE) as public:
        public.read(
            "/offers/v1.0/aws/AmazonEC2/current/region_index.json", tmp_path / "file", dict[str, dict[str, str]]
        )
