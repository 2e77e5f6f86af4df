"""Preview the programs of tests/data/plans/foreign/programs with the real engine, and record what it says.

eval "$(python -m localcloud env)"              with a local cloud of its own (LOCALCLOUD_HOME), which is up
python scripts/record_foreign_plans.py          record every program anew
python scripts/record_foreign_plans.py eks      record these

It puts the provider that previews every type into that local cloud; the next `python -m localcloud up` takes it out.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from localcloud.paths import Home
from localcloud.standins.install import PROVIDERS, install

FOREIGN = Path(__file__).resolve().parents[1] / "tests" / "data" / "plans" / "foreign"
PREVIEW_ONLY = {**PROVIDERS, "aws": "localcloud.account.preview_only"}
APPLIED = {"webserver": ("size", "g6.xlarge"), "eks": ("maxNodes", "4")}
"""Programs whose every type the local cloud can make, with the configuration that changes them."""
OF_THE_MACHINE = frozenset({"sourcePosition", "stackTrace", "duration", "created", "modified", "time"})


def main() -> int:
    """Record; 0 when every program was previewed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*")
    home = Home.from_environment(os.environ)
    install(home, pulumi=home.bin / "pulumi", virtualenv=Path(sys.prefix), providers=PREVIEW_ONLY)
    for name in parser.parse_args().programs or sorted(path.stem for path in (FOREIGN / "programs").glob("*.py")):
        with project(name) as folder:
            record(name, folder)
        print(name)
    return 0


@contextmanager
def project(name: str) -> Iterator[Path]:
    """Give a Pulumi project around one program, with an empty stack."""
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        options = {"toolchain": "pip", "virtualenv": sys.prefix}
        about = {"name": name, "runtime": {"name": "python", "options": options}}
        (folder / "Pulumi.yaml").write_text(json.dumps(about))
        (folder / "__main__.py").write_bytes((FOREIGN / "programs" / f"{name}.py").read_bytes())
        pulumi(folder, "stack", "init", "dev")
        pulumi(folder, "config", "set", "aws:region", "us-east-1")
        pulumi(folder, "config", "set", "--secret", "dbPassword", "not-a-password")
        try:
            yield folder
        finally:
            pulumi(folder, "stack", "rm", "--yes", "--force", "dev")


def record(name: str, folder: Path) -> None:
    """Write the preview, and of a program that can be applied also its state, a change and its end."""
    write(f"{name}.json", pulumi(folder, "preview", "--json"))
    if name in APPLIED:
        pulumi(folder, "up", "--yes", "--skip-preview")
        write(f"{name}.state.json", pulumi(folder, "stack", "export"))
        pulumi(folder, "config", "set", *APPLIED[name])
        write(f"{name}.update.json", pulumi(folder, "preview", "--json"))
        write(f"{name}.destroy.json", pulumi(folder, "destroy", "--preview-only", "--json"))
        pulumi(folder, "destroy", "--yes", "--skip-preview")


def pulumi(folder: Path, *arguments: str) -> str:
    """Run a command in a project and give what it prints."""
    done = subprocess.run(  # noqa: S603 - our own command
        ["pulumi", *arguments, "--non-interactive"],  # noqa: S607 - as a user would
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"pulumi {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout[-4000:]}\n{done.stderr}"
        raise SystemExit(message)
    return done.stdout


def write(name: str, printed: str) -> None:
    """Write a document without what belongs to this machine and this minute."""
    text = json.dumps(without(json.loads(printed), OF_THE_MACHINE), separators=(",", ":"))
    (FOREIGN / name).write_text(text + "\n")


def without(value: Any, keys: frozenset[str]) -> Any:  # noqa: ANN401 - any JSON
    """Give a document without some keys, at every depth."""
    if isinstance(value, dict):
        return {key: without(child, keys) for key, child in value.items() if key not in keys}
    return (
        [without(child, keys) for child in value]
        if isinstance(value, Sequence) and not isinstance(value, str)
        else value
    )


if __name__ == "__main__":
    sys.exit(main())
