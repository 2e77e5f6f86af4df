"""Digests of the chart's images: configured, or looked up by `make pin`; never guessed."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import yaml

from infra.chart import CHART_FOLDER
from infra.config_records import ImagesConfig
from infra.reading import Finding


def missing_digests(images: ImagesConfig, chart: Path = CHART_FOLDER) -> Iterator[Finding]:
    """Yield every image that has a digest neither in the configuration nor in the chart's pins."""
    pinned = json.loads((chart / "images.json").read_text(encoding="utf-8"))
    versions = image_versions(chart)
    for name, digest in asdict(images).items():
        if not digest and not pinned.get(versions[name], {}).get("digest"):
            right = "sha256:...; `make pin` on a machine with network writes it to charts/model-server/images.json"
            yield f"images.{name}", "", right


def image_versions(chart: Path) -> dict[str, str]:
    """Return repository and version of each image, as the chart's values name them and `make pin` keys them."""
    values = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))
    named = {"server": values["image"]} | {part: values[part]["image"] for part in ("proxy", "downloader")}
    return {name: f"{image['repository']}:{image['version']}" for name, image in named.items()}
