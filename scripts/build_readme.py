"""Put the real output of the demo and of the gate into README.md: `python scripts/build_readme.py [--check]`."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
BLOCK = re.compile(r"(<!-- generated: (demo|gate) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)
PLAN = README.parent / "tests" / "data" / "plans" / "big_pool.json"
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


def gate_output() -> str:
    """Return what the gate says of a recorded plan, as far as it is the same on any day: no price ages."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603 - our own command
            [COMMAND, "gate", "--plan", PLAN],
            cwd=folder,
            env={**os.environ, "COLUMNS": COLUMNS},
            check=False,
            capture_output=True,
            text=True,
        )
    whole = done.stdout
    said = whole[: whole.index("\nworthwhile/local, as of")]
    tables = whole[whole.index("\nWhat to do\n") + 1 : whole.index("What changes the cost, a month")]
    return f"{said}\n...\n{tables.rstrip()}\n...\n"


def main() -> int:
    """Write the block, or with --check say whether it is current; return the exit code."""
    page = README.read_text(encoding="utf-8")
    output = {"demo": demo_output, "gate": gate_output}
    fresh = BLOCK.sub(lambda match: f"{match[1]}```text\n{output[match[2]]()}```\n{match[3]}", page)
    if "--check" in sys.argv:
        return int(page != fresh)
    README.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
