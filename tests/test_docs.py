"""The pages say what is there: commands, links, permissions, figures."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from costcheck.cli.app import costcheck
from costcheck.rules import Assumptions, Thresholds
from costcheck.sources.prices.aws_calls import IAM_ACTIONS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))
HIDDEN = {"build", "dist"}
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if HIDDEN.isdisjoint(path.relative_to(ROOT).parts)
    and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    and (ROOT / "tests" / "golden" / "report") not in path.parents
)
OUR_COMMAND = re.compile(r"^(?:\.venv/bin/)?(?:costcheck|make|python)\s")
MAKE_TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
STAND_IN = re.compile(r"[A-Z_]{2,}")
"""A word such as FILE, which a reader replaces."""


def name(path: Path) -> str:
    """Return a page's path as a test's id."""
    return str(path.relative_to(ROOT))


def tokens(page: Path) -> Iterator[Token]:
    """Yield every token of a page, those inside lines too."""
    for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")):
        yield token
        yield from token.children or []


def subcommands(group: click.Group) -> dict[str, click.Command]:
    """Return the commands of a group, also of one that makes them when asked."""
    context = click.Context(group)
    found = {word: group.get_command(context, word) for word in group.list_commands(context)}
    return {word: command for word, command in found.items() if command}


def commands(group: click.Group, path: str = "costcheck") -> Iterator[tuple[str, click.Command]]:
    """Yield every command and group below one, with the words that run it."""
    for word, command in sorted(subcommands(group).items()):
        yield f"{path} {word}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {word}")


def written_commands(page: Path) -> Iterator[str]:
    """Yield every command of ours that a page tells the reader to run, in blocks and in lines."""
    for token in tokens(page):
        if token.type == "fence" and token.info.strip() in {"console", "bash", "sh"}:
            lines = token.content.replace("\\\n", " ").splitlines()
        else:
            lines = [token.content] if token.type == "code_inline" else []
        yield from (line.strip().removeprefix("$ ") for line in lines if OUR_COMMAND.match(line.removeprefix("$ ")))


def problem(line: str) -> str:
    """Return what is wrong with a command line, empty for nothing."""
    program, *words = shlex.split(line, comments=True)
    if program.endswith("costcheck"):
        return costcheck_problem(words)
    if program == "make":
        return "" if set(words) <= MAKE_TARGETS else f"no such target: {line}"
    scripts = [word for word in words if word.endswith(".py")]
    return "" if all((ROOT / script).is_file() for script in scripts) else f"no such script: {line}"


def costcheck_problem(words: list[str]) -> str:
    """Return what is wrong with the words after `costcheck`, empty for nothing."""
    command: click.Command = costcheck
    rest = list(words)
    while rest and isinstance(command, click.Group) and not rest[0].startswith("-") and not STAND_IN.match(rest[0]):
        below = subcommands(command)
        if rest[0] not in below:
            return f"no such command: {' '.join(words)}"
        command = below[rest.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
    unknown = [word for word in rest if word.startswith("--") and word.split("=")[0] not in known]
    return f"{' '.join(words)} has no {unknown[0]}" if unknown else ""


@pytest.mark.parametrize(("words", "command"), list(commands(costcheck)))
def test_every_command_says_what_it_does(words: str, command: click.Command) -> None:
    assert (command.help or "").split("\n")[0].rstrip().endswith((".", ";", ",", ")")), words


@pytest.mark.parametrize(
    "words", [words for words, command in commands(costcheck) if not isinstance(command, click.Group)]
)
def test_every_command_is_in_the_readme_or_the_docs(words: str) -> None:
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]

    assert any(words in page.read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_on_a_page_can_be_run(page: Path) -> None:
    assert [found for line in written_commands(page) if (found := problem(line))] == []


@pytest.mark.parametrize(
    "line", ["costcheck decode", "costcheck decide --price x", "make tests", "python scripts/x.py"]
)
def test_a_command_that_is_not_there_is_found(line: str) -> None:
    assert problem(line)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = [str(token.attrs["href"]) for token in tokens(page) if token.type == "link_open"]
    relative = [link for link in links if "://" not in link and not link.startswith(("#", "mailto:"))]

    assert [link for link in relative if not (page.parent / link.split("#")[0]).exists()] == []


def test_generated_blocks_are_current() -> None:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, ROOT / "scripts" / "build_docs.py", "--check"], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_threshold_and_assumption_is_explained() -> None:
    page = (DOCS / "how-it-decides.md").read_text(encoding="utf-8")

    names = {*Thresholds.__struct_fields__, *Assumptions.__struct_fields__} - {"system_node"}

    assert [name for name in sorted(names) if f"| `{name}` |" not in page] == []


def test_the_policy_in_the_docs_allows_exactly_what_the_code_calls() -> None:
    (policy,) = [token.content for token in tokens(DOCS / "access.md") if token.info == "json"]

    (statement,) = json.loads(policy)["Statement"]

    assert statement["Action"] == list(IAM_ACTIONS)


def test_every_permission_says_what_it_is_for() -> None:
    rows = [line for line in (DOCS / "access.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]

    assert [action for action in IAM_ACTIONS if not any(f"`{action}`" in row for row in rows)] == []


def test_whatever_is_generated_is_in_the_contributors_guide() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    scripts = [path for path in (ROOT / "scripts").glob("*.py") if '"--check"' in path.read_text(encoding="utf-8")]

    assert scripts
    assert [path.name for path in scripts if f"scripts/{path.name}" not in guide] == []


@pytest.mark.parametrize("page", DECISIONS, ids=name)
def test_a_decision_says_why_and_what_follows(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert re.match(rf"# {int(page.name[:4])}\. .+\n\nStatus: (accepted|superseded)", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_decisions_are_numbered_without_a_gap_and_listed() -> None:
    index = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")

    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    assert [page.name for page in DECISIONS if f"({page.name})" not in index] == []


def test_the_changelog_knows_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert headings[:2] == ["Unreleased", version]
