"""Digests of the chart's images: configured, or looked up by `make pin`; never guessed."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from infra.chart import CHART_FOLDER
from infra.config_records import ImagesConfig
from infra.reading import Finding


def missing_digests(images: ImagesConfig, pins: Path = CHART_FOLDER / "images.json") -> Iterator[Finding]:
    """Yield every image that has a digest neither in the configuration nor in the chart's pins."""
    pinned = json.loads(pins.read_text(encoding="utf-8"))
    for name, digest in asdict(images).items():
        if not digest and not pinned.get(name, {}).get("digest"):
            right = f"sha256:...; `make pin` on a machine with network writes it to charts/model-server/{pins.name}"
            yield f"images.{name}", "", right
