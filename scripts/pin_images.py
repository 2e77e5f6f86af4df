"""Looks up the digests of the chart's images and writes them to charts/model-server/images.json: `make pin`.

Asks each registry over HTTPS for the manifest of the version that values.yaml names, checks that its content has the
digest, and writes digest, address and date under `repository:version`. Needs the network, and no account. Nothing is
written unless every image was found.
"""

import datetime as dt
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2
import yaml

from costcheck.errors import CostcheckError, ExitCode, SourceError, SourcePayloadError

CHART = Path(__file__).resolve().parents[1] / "charts" / "model-server"
# Docker Hub serves its registry API under another name than the one in image references:
# https://distribution.github.io/distribution/spec/api/ and https://docs.docker.com/reference/api/registry/auth/
REGISTRIES = {"docker.io": "https://registry-1.docker.io"}
MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What was found, and where.

    Attributes:
        digest: `sha256:` of the manifest.
        url: Where it was read.
        date: When, in UTC.
    """

    digest: str
    url: str
    date: str


def images(values: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a YAML tree
    """Yields (repository, version) of every image in the values.

    Args:
        values: The content of values.yaml.
    """
    for key, value in values.items():
        if key == "image":
            yield value["repository"], value["version"]
        elif isinstance(value, dict):
            yield from images(value)


def look_up(repository: str, version: str, registries: Mapping[str, str], today: dt.date) -> Pin:
    """Returns the digest of one version.

    Args:
        repository: Such as `docker.io/vllm/vllm-openai`.
        version: Its tag.
        registries: Registry -> address of its API; one that is not listed has its own name.
        today: The date to write.

    Raises:
        SourceError: The registry did not answer, or does not have the version.
        SourcePayloadError: The manifest does not have the digest that the registry says.
    """
    registry, _, path = repository.partition("/")
    url = f"{registries.get(registry, f'https://{registry}')}/v2/{path}/manifests/{version}"
    try:
        with httpx2.Client(timeout=TIMEOUT_SECONDS, follow_redirects=True) as client:
            answer = _manifest(client, url)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        message = f"{url} does not answer: {error}"
        raise SourceError(
            message, expected="the manifest of the image", action="check the network and the version"
        ) from error
    return Pin(digest=_digest(answer, url), url=url, date=today.isoformat())


def _manifest(client: httpx2.Client, url: str) -> httpx2.Response:
    """The registry answers 401 and says where an anonymous token is to be had; then it is asked again with it."""
    headers = {"Accept": ", ".join(MANIFEST_TYPES)}
    answer = client.get(url, headers=headers)
    if answer.status_code == httpx2.codes.UNAUTHORIZED:
        asked = dict(CHALLENGE.findall(answer.headers.get("WWW-Authenticate", "")))
        grant = client.get(asked.pop("realm", ""), params=asked).raise_for_status().json()
        token = grant.get("token") or grant.get("access_token")
        answer = client.get(url, headers={**headers, "Authorization": f"Bearer {token}"})
    return answer.raise_for_status()


def _digest(answer: httpx2.Response, url: str) -> str:
    digest = f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
    said = answer.headers.get("Docker-Content-Digest", digest)
    if said != digest:
        message = f"{url} says {said} and sends {digest}"
        raise SourcePayloadError(
            message, expected="a manifest with the digest it is said to have", action="try again"
        )
    return digest


def pin(chart: Path, registries: Mapping[str, str], today: dt.date) -> dict[str, Pin]:
    """Writes images.json and returns what is in it.

    Args:
        chart: Folder of the chart.
        registries: Registry -> address of its API.
        today: The date to write.

    Raises:
        SourceError: An image was not found; then nothing is written.
    """
    values = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))
    found = {f"{name}:{version}": look_up(name, version, registries, today) for name, version in images(values)}
    text = json.dumps({name: asdict(one) for name, one in sorted(found.items())}, indent=2)
    (chart / "images.json").write_text(f"{text}\n", encoding="utf-8")
    return found


def main() -> int:
    """Prints what was pinned; returns the exit code."""
    try:
        found = pin(CHART, REGISTRIES, dt.datetime.now(dt.UTC).date())
    except CostcheckError as error:
        print(error, file=sys.stderr)
        return ExitCode.INSUFFICIENT_EVIDENCE
    for name, one in found.items():
        print(f"{name}  {one.digest}")
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main())
