"""Put the demo's real output into README.md: `python scripts/build_readme.py [--check]`."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
BLOCK = re.compile(r"(<!-- generated: demo -->\n).*?(<!-- end: demo -->)", re.DOTALL)
COMMAND = Path(sys.executable).with_name("costcheck")
COLUMNS = "100"


def demo_output() -> str:
    """Return what `costcheck demo` prints in an empty folder, 100 columns wide."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "COLUMNS": COLUMNS}
        done = subprocess.run(  # noqa: S603 - our own command
            [COMMAND, "demo"], cwd=folder, env=environment, check=True, capture_output=True, text=True
        )
    return done.stdout


def main() -> int:
    """Write the block, or with --check say whether it is current; return the exit code."""
    page = README.read_text(encoding="utf-8")
    fresh = BLOCK.sub(lambda match: f"{match[1]}```text\n{demo_output()}```\n{match[2]}", page)
    if "--check" in sys.argv:
        return int(page != fresh)
    README.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
