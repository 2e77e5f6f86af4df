"""Interruption bands: AWS's file over HTTP, and the kit's own copy with its day."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from costcheck.errors import SourceError, SourcePayloadError
from costcheck.facts import data_file
from costcheck.records import Origin
from costcheck.sources.http import RetryPolicy
from costcheck.sources.prices.spot_advisor import (
    BUNDLED,
    BUNDLED_URL,
    Advice,
    bundled_advice,
    fetch_advice,
    normalise_advice,
)
from tests.costcheck.sources.prices.market_stubs import REGION, TODAY

ONCE = RetryPolicy(attempts=1, wait_initial_seconds=0, wait_jitter_seconds=0)
FEED: dict[str, Any] = {
    "global_rate": "<10%",
    "instance_types": {"g6.xlarge": {"emr": True, "cores": 4, "ram_gb": 16.0}},
    "ranges": [
        {"index": 0, "label": "<5%", "dots": 0, "max": 5},
        {"index": 4, "label": ">20%", "dots": 4, "max": 100},
    ],
    "spot_advisor": {
        REGION: {"Linux": {"g6.xlarge": {"s": 56, "r": 4}}, "Windows": {"g6.xlarge": {"s": 1, "r": 0}}},
        "us-west-2": {"Windows": {}},
    },
}
"""Constructed, in the shape that the file's users read."""


@contextmanager
def served(body: bytes, status: int = 200) -> Iterator[str]:
    """Answer every request on a loopback port with one body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def fetched(body: bytes, status: int = 200) -> Advice:
    with served(body, status) as url:
        return fetch_advice(retrieved_on=TODAY, base_url=url, retry=ONCE)


def test_a_type_has_linux_s_band_in_aws_s_words_and_its_saving() -> None:
    advice = fetched(json.dumps(FEED).encode())
    (band,) = normalise_advice(advice, REGION, ["g6.xlarge", "g7.2xlarge"])
    assert (band.label, band.savings_percent) == (">20%", 56)
    assert (band.provenance.origin, band.provenance.retrieved_on) == (Origin.LIVE, TODAY)


def test_a_region_that_the_file_does_not_know_has_no_bands() -> None:
    assert normalise_advice(fetched(json.dumps(FEED).encode()), "eu-south-9", ["g6.xlarge"]) == ()


@pytest.mark.parametrize("rate", [{"s": 56, "r": 3}, {"s": 560, "r": 4}])
def test_a_band_or_saving_that_nobody_explains_is_an_error(rate: dict[str, int]) -> None:
    odd = FEED | {"spot_advisor": {REGION: {"Linux": {"g6.xlarge": rate}}}}
    advice = fetched(json.dumps(odd).encode())
    with pytest.raises(SourcePayloadError, match=r"g6\.xlarge"):
        normalise_advice(advice, REGION, ["g6.xlarge"])


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"<html>", 200), (json.dumps(FEED).encode()[:90], 200), (b"{}", 200), (b"", 403), (b"", 500)],
)
def test_html_a_cut_file_and_a_refusal_are_errors(body: bytes, status: int) -> None:
    with pytest.raises(SourceError):
        fetched(body, status)


def test_the_kit_s_copy_carries_its_own_day_and_page() -> None:
    advice = bundled_advice()
    bands = {band.instance_type: band for band in normalise_advice(advice, REGION, ["g6e.12xlarge", "p5.48xlarge"])}
    assert (bands["g6e.12xlarge"].savings_percent, bands["p5.48xlarge"].savings_percent) == (56, 52)
    assert {band.label for band in bands.values()} == {">20%"}
    assert (advice.provenance.origin, advice.provenance.retrieved_on) == (Origin.BUNDLED, date(2025, 7, 28))


def test_the_page_of_the_copy_is_the_one_that_the_copy_names() -> None:
    source = json.loads(data_file(*BUNDLED).read_bytes())["_source"]
    assert BUNDLED_URL.split("/blob/")[0].removeprefix("https://") in source
    assert all(part in source for part in BUNDLED_URL.split("/blob/")[1].split("/", maxsplit=1))
