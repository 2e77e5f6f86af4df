"""`vllm` for a pod rendered for a GPU: `python vllm_on_cpu.py VLLM ARGUMENTS...` becomes the real server on a CPU.

What a CPU cannot take is left out and what it needs is added, by `data/vllm_on_cpu.json`, and said on standard error.
Everything else goes through as rendered, so an unknown flag still ends the server with exit code 2.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_DATA = Path(__file__).with_name("data") / "vllm_on_cpu.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The differences between a GPU server's command line and a CPU server's.

    Attributes:
        dropped: Flag -> does a value follow it.
        added: Arguments put at the end.
        environment: Variables set besides.
    """

    dropped: dict[str, bool]
    added: tuple[str, ...]
    environment: dict[str, str]


def load_rules() -> Rules:
    """Return the rules of the data file."""
    data = json.loads(_DATA.read_text(encoding="utf-8"))
    return Rules(
        dropped={entry["flag"]: entry["takes_value"] for entry in data["dropped"]},
        added=tuple(argument for entry in data["added"] for argument in entry["arguments"]),
        environment={entry["name"]: entry["value"] for entry in data["environment"]},
    )


def adapt(arguments: Sequence[str], rules: Rules) -> tuple[list[str], list[str]]:
    """Return the arguments that a CPU takes, and those that were left out."""
    kept: list[str] = []
    left_out: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        flag, equals, _ = argument.partition("=")
        if flag not in rules.dropped:
            kept.append(argument)
            continue
        left_out.append(argument)
        if rules.dropped[flag] and not equals:
            left_out.extend(value for value in [next(remaining, None)] if value is not None)
    return kept, left_out


def main() -> None:
    """Become the server; other sub-commands than `serve` are not touched."""
    program, *arguments = sys.argv[1:]
    if arguments[:1] == ["serve"]:
        rules = load_rules()
        kept, left_out = adapt(arguments, rules)
        os.environ.update(rules.environment)
        print(f"localcloud: on a CPU without {left_out}, with {list(rules.added)}", file=sys.stderr, flush=True)
        arguments = [*kept, *rules.added]
    os.execv(program, [program, *arguments])  # noqa: S606  becoming the server is the purpose


if __name__ == "__main__":
    main()
