"""Text of a plan in a comment: whoever opens a pull request names resources, and so writes into what we post.

A comment is more than Markdown. Once it is HTML, GitHub and GitLab look through its text for mentions, references to
issues and commits, and addresses, and there a backslash does not help any more
(https://github.com/github/markup/issues/1168, https://github.com/github/cmark-gfm/issues/181, read 2026-11-26). A
zero-width space does, and so does code.
"""

import re
from typing import Final

from costcheck.report.figures import plain, shortened
from costcheck.report.markdown import Markdown, escape

MAX_NAME: Final = 200
MAX_SENTENCE: Final = 600
"""Characters of one name and one sentence; the JSON has all of it."""
_GAP: Final = "\u200b"
_PIECE_OF_A_COMMIT: Final = 6
"""Hexadecimal digits; from seven on they may name a commit."""
_REFERENCE: Final = re.compile(
    r"""
      (?P<entity> &(?:lt|gt|\#124); )
    | (?P<commit> \b [0-9a-fA-F]{7,} \b )
    | (?P<slash> \A / )                            # GitLab's quick actions
    | &amp; | [@\#!%~^$:{] (?=[^\s\u200b])         # users, issues, merge requests, labels, formulas, emoji, schemes
    | (?i:www) (?=\\?\.)
    | \b (?:(?i:gh) | [A-Z][A-Z0-9_]*) - (?=\d)    # GH-1, and the keys of other trackers: ABC-1
    """,
    re.VERBOSE,
)
_NO_CODE: Final = re.compile(r"[`|\\<>]")
_CODE: Final = re.compile(r"(?<![^\s(])`([^`|\\<>]+)`(?=[\s.,;:)]|\Z)")


def inert(text: str) -> Markdown:
    """Return the text so that neither Markdown nor what comes after it makes anything of it."""
    return Markdown(_REFERENCE.sub(_gapped, escape(shortened(plain(text), MAX_SENTENCE))))


def is_reference(text: str) -> bool:
    """Return whether a host could make a link, a mention or a command of something in the text."""
    return _REFERENCE.search(text) is not None


def code(name: str) -> Markdown:
    """Return a name as code, so that it can be copied; as inert text where it holds what would end the code."""
    shown = shortened(plain(name), MAX_NAME)
    return inert(shown) if _NO_CODE.search(shown) else Markdown(f"`{shown}`")


def sentence(text: str) -> Markdown:
    """Return a sentence as inert text, what stands in backticks as code."""
    pieces = _CODE.split(shortened(plain(text), MAX_SENTENCE))
    written = [code(piece) if position % 2 else _between(piece) for position, piece in enumerate(pieces) if piece]
    return Markdown("".join(written))


def _between(piece: str) -> str:
    """Return what stands around code, with the blanks at its ends that escaping would take away."""
    start, end = (" " if blank else "" for blank in (piece[0] == " ", piece.rstrip() != piece))
    return f"{start}{inert(piece)}{end}" if piece.strip() else " "


def _gapped(match: re.Match[str]) -> str:
    found = match.group()
    if match["entity"]:
        return found
    if match["slash"]:
        return _GAP + found
    if match["commit"]:
        starts = range(0, len(found), _PIECE_OF_A_COMMIT)
        return _GAP.join(found[start : start + _PIECE_OF_A_COMMIT] for start in starts)
    return found + _GAP
