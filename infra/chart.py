"""The chart of the model servers: where it lies, and a digest that changes with any of its files."""

import hashlib
from pathlib import Path

CHART = "../charts/model-server"
"""Relative to `infra/`, where Pulumi runs the program and its plugins; so the state names no path of one machine."""

CHART_FOLDER = Path(__file__).resolve().parents[1] / "charts" / "model-server"


def chart_digest(folder: Path = CHART_FOLDER) -> str:
    """Return the digest of every file of the chart, the first 16 hexadecimal digits.

    Pulumi compares a Release's inputs, and a changed template is none: the digest, in the description, makes it one.
    """
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
