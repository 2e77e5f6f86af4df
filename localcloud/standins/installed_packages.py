"""Prints what is installed beside the Python that runs it, as JSON.

The language host runs it with the program's Python. It uses nothing but the standard library, because the
program's environment need not have ours.
"""

import importlib.metadata
import json
import platform
from pathlib import Path


def main() -> None:
    """Prints ``{"python": VERSION, "packages": [[NAME, VERSION]], "plugins": [[NAME, VERSION, SERVER]]}``."""
    found = sorted({each.name: each for each in importlib.metadata.distributions()}.items())
    plugins = [plugin for _, distribution in found if (plugin := _plugin(distribution))]
    packages = [[name, distribution.version] for name, distribution in found]
    print(json.dumps({"python": platform.python_version(), "packages": packages, "plugins": plugins}))


def _plugin(distribution: importlib.metadata.Distribution) -> list[str] | None:
    """The provider plugin that a distribution needs, from the ``pulumi-plugin.json`` in its package."""
    file = Path(str(distribution.locate_file(distribution.name.replace("-", "_").lower()))) / "pulumi-plugin.json"
    if not file.is_file():
        return None
    about = json.loads(file.read_text())
    if not about.get("resource"):
        return None
    name = about.get("name") or distribution.name.lower().removeprefix("pulumi-").removeprefix("pulumi_")
    return [name, about.get("version") or distribution.version, about.get("server") or ""]


if __name__ == "__main__":
    main()
