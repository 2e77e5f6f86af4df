"""Which tools there are, as tools.toml lists them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from localcloud.errors import ToolError

_HERE = Path(__file__).parent
MODULES = _HERE / "modules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool that is built from source.

    Attributes:
        name: Its folder below modules/ and in the cache.
        version: With the leading v.
        package: The Go package of its main function, as seen from its module folder.
        programs: The names that it is started under; one file may serve several.
        ask_version: The arguments that make it print its version.
        variables: What the linker sets.
    """

    name: str
    version: str
    package: str
    programs: tuple[str, ...]
    ask_version: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    def folder(self, cache_root: Path) -> Path:
        """Return where its programs lie once it is built."""
        return cache_root / self.name / self.version

    def built_files(self) -> tuple[str, ...]:
        """Return the names in its folder: the file itself, and a link for each program that has another name."""
        return (self.name, *(program for program in self.programs if program != self.name))


@cache
def tools() -> Mapping[str, Tool]:
    """Return every tool by its name."""
    with (_HERE / "tools.toml").open("rb") as file:
        return {name: _tool(name, entry) for name, entry in tomllib.load(file).items()}


def tool_of(program: str) -> Tool:
    """Return the tool that a program belongs to; a tool's own name counts as one.

    Raises:
        ToolError: No tool has this program.
    """
    known = tools()
    by_program = {each: tool for tool in known.values() for each in tool.programs} | dict(known)
    if program not in by_program:
        raise ToolError(
            seen=f"no tool is called {program}",
            expected=f"one of {', '.join(sorted(by_program))}",
            action="check the name",
        )
    return by_program[program]


def _tool(name: str, entry: Mapping[str, Any]) -> Tool:
    return Tool(
        name=name,
        version=entry["version"],
        package=entry["package"],
        programs=tuple(entry.get("programs", [name])),
        ask_version=tuple(entry["ask_version"]),
        variables=entry.get("variables", {}),
    )
