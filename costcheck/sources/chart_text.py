"""What the templates of a chart ask for, read as text: where helm on this machine would render another world."""

import gzip
import io
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

_ACTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_COMMENT = re.compile(r"\s*-?\s*/\*.*", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|`([^`]*)`')
_FUNCTION = re.compile(r"(?<![\w.$])[A-Za-z_]\w*")
_NUMBER = re.compile(r"(?<![\w.$])\d{1,15}(?:\.\d{1,15})?(?![\w.])")
_LAYOUT = re.compile(r'\bn?indent\s+\d+|\b(?:include|template|define|fail|required)\s+(?:"(?:[^"\\]|\\.)*"|`[^`]*`)')
_UNTELLABLE = re.compile(
    r"lookup|now|ago|date|dateInZone|date_in_zone|htmlDate|htmlDateInZone|rand\w*|shuffle|uuidv4|gen[A-Z]\w*"
    r"|bcrypt|htpasswd|encryptAES|getHostByName"
)
"""Functions that give something else in the cluster, at another time or by chance
(https://helm.sh/docs/chart_template_guide/function_list/)."""
_UNTOLD_FIELD = re.compile(r'(?:\.|["`])(Revision|HelmVersion)\b')
_ASKS_API = re.compile(r'APIVersions\.Has\s+"([^"\\]+)"')
_ASKS_BUILD = re.compile(r"\b(?:contains|hasSuffix|splitList|split|\w*[rR]egex\w+)\b.*KubeVersion", re.DOTALL)
"""Helm leaves the build (`-eks-...`) out of the version that it is given."""
_KEPT_SCALE = re.compile(r'-?\s*(\$\w+)\s*:?=\s*lookup\s+"apps/v1"\s+"(?:Deployment|StatefulSet)"\s[^$]*')
_CHECKSUM = re.compile(r'-?\s*include \(print \$\.Template\.BasePath "[^"]*"\) \. \| sha256sum\s*-?')
_FOLLOWED = frozenset(
    """
    if else end with range define template block include tpl and or not eq ne lt le gt ge true false nil default
    coalesce ternary required fail empty quote squote print printf println toYaml toJson toString nindent indent int
    int64 float64 trim trimAll trimSuffix trimPrefix trunc lower upper title hasPrefix hasSuffix contains has hasKey
    list dict get set merge mergeOverwrite deepCopy dig index first last join splitList replace keys add mul div max
    min ceil floor mulf fromYaml fromJson semverCompare
    """.split()  # noqa: SIM905 - one word a line would be 80 lines
)
"""Functions behind which the words that are compared, the numbers and nothing at all find every branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What the text of a chart says.

    Attributes:
        untellable: Why nobody can tell what the chart makes, empty where one can.
        unfollowed: What it does with values that no stand-in would find out, empty where it does nothing of the kind.
        words: Every word and number that a value may be compared with.
        api_versions: Custom APIs that it asks the cluster for.
        tells_upgrades: It asks whether this is the first release.
        tells_versions: It asks which version of Kubernetes the cluster runs.
        keeps_scale: It leaves the replicas of a workload as they are found in the cluster.
    """

    untellable: str = ""
    unfollowed: str = ""
    words: frozenset[str] = frozenset()
    api_versions: frozenset[str] = frozenset()
    tells_upgrades: bool = False
    tells_versions: bool = False
    keeps_scale: bool = False


def read_chart(path: Path, values: Any) -> Chart | str:  # noqa: ANN401 - any JSON
    """Return what a chart and the values that it is given say, or the reason why it cannot be read."""
    try:
        files = [*(_folder(path) if path.is_dir() else _archive(path.read_bytes()))]
        scalars = {text for name, content in files for text in _scalars_of_file(name, content)}
    except (OSError, tarfile.TarError, gzip.BadGzipFile, EOFError, UnicodeError, yaml.YAMLError, ValueError) as exc:
        return f"its chart cannot be read: {' '.join(str(exc).split())[:200]}"
    given = set(_scalars(values))
    texts = [content.decode(errors="replace") for name, content in files if not name.endswith((".md", ".gotmpl"))]
    scale, sources = _without_kept_scale([*texts, *given])
    actions = [action for source in sources for action in source]
    return Chart(
        untellable=_untellable(actions),
        unfollowed=_unfollowed(actions),
        words=frozenset(_near([*scalars, *given, *_literals(actions)])),
        api_versions=frozenset(api for action in actions for api in _ASKS_API.findall(action)),
        tells_upgrades=any(word in action for action in actions for word in ("IsUpgrade", "IsInstall")),
        tells_versions=any("KubeVersion" in action for action in actions),
        keeps_scale=scale,
    )


def _folder(path: Path, within: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield what lies in a folder, behind links too, as Helm reads it; the kernel ends a circle of links."""
    for child in sorted(path.iterdir()):
        name = f"{within}{child.name}"
        if child.is_dir():
            yield from _folder(child, f"{name}/")
        else:
            yield from _file(name, child.read_bytes())


def _archive(content: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for member in archive:
            opened = archive.extractfile(member) if member.isfile() else None
            if opened is not None:
                yield from _file(member.name, opened.read())


def _file(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Return a file, those inside of it where it is a chart that the chart depends on."""
    path = PurePosixPath(name)
    if path.suffix == ".tgz" and path.parent.name == "charts":
        yield from _archive(content)
    else:
        yield name, content


def _scalars_of_file(name: str, content: bytes) -> Iterator[str]:
    if PurePosixPath(name).name in {"values.yaml", "Chart.yaml"}:
        yield from _scalars(yaml.load(content, Loader=yaml.CBaseLoader))  # noqa: S506 - a loader of texts alone


def _scalars(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        yield from (str(key) for key in value)
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _scalars(inner)
    elif isinstance(value, bool):
        yield str(value).lower()
    elif value is not None:
        yield str(value)


def _actions(text: str) -> list[str]:
    return [action for action in _ACTION.findall(text) if not _COMMENT.fullmatch(action)]


def _without_kept_scale(texts: Iterable[str]) -> tuple[bool, list[list[str]]]:
    """Return whether replicas are kept as they are found, and all actions but those.

    `$live = lookup "apps/v1" "Deployment" ...` is such an action where `$live` is read for nothing else in its file.
    """
    sources = [_actions(text) for text in texts]
    found = False
    for actions in sources:
        kept = {match[1]: action for action in actions if (match := _KEPT_SCALE.fullmatch(action))}
        for variable, action in kept.items():
            if all(one == action or _reads_scale_alone(one, variable) for one in actions):
                actions.remove(action)
                found = True
    return found, sources


def _reads_scale_alone(action: str, variable: str) -> bool:
    read = rf'\bdig "spec" "replicas" \d+ \({re.escape(variable)} \| default dict\)'
    rest = re.sub(read, "", action)
    rest = re.sub(rf"^-?\s*{re.escape(variable)}\s*:=\s*dict\s*-?$", "", rest)
    return re.search(rf"{re.escape(variable)}\b", rest) is None


def _functions(action: str) -> set[str]:
    return set(_FUNCTION.findall(_QUOTED.sub('""', action)))


def _untellable(actions: list[str]) -> str:
    for action in actions:
        names = sorted(name for name in _functions(action) if _UNTELLABLE.fullmatch(name))
        names += _UNTOLD_FIELD.findall(action)
        if names:
            return f"its chart uses {names[0]}, which is another one in the cluster than here"
        if action.count("APIVersions") > len(_ASKS_API.findall(action)):
            return "its chart asks the cluster for APIs, and does not name them"
        if _ASKS_BUILD.search(action):
            return "its chart asks for the build of Kubernetes, which is in no plan"
    return ""


def _unfollowed(actions: list[str]) -> str:
    unfollowed = {
        name for action in actions if not _CHECKSUM.fullmatch(action) for name in _functions(action) - _FOLLOWED
    }
    return f"its chart uses {min(unfollowed)}" if unfollowed else ""


def _literals(actions: list[str]) -> Iterator[str]:
    for action in actions:
        rest = _LAYOUT.sub("", action)
        yield from (one or other for one, other in _QUOTED.findall(rest))
        yield from _NUMBER.findall(_QUOTED.sub('""', rest))


def _near(words: Iterable[str]) -> Iterator[str]:
    """Return words, and the neighbours of numbers: a threshold has two sides."""
    for word in words:
        yield word
        if _NUMBER.fullmatch(word):
            yield from (str(Decimal(word) + step) for step in (-1, 1))
