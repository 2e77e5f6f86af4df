"""The README shows what the program prints."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_readme_shows_what_the_demo_prints() -> None:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, ROOT / "scripts" / "build_readme.py", "--check"], check=False, capture_output=True
    )

    assert done.returncode == 0, "run scripts/build_readme.py and read the difference"
