"""Ways in which the source of docs/own-source.md may be broken: what the suite says, and the changes of its text."""

from collections.abc import Mapping, Sequence

Changes = Sequence[tuple[str, str]]

IMPORT = ("import msgspec\n", "import msgspec\n\nfrom costcheck import errors\n")
BUILDER = "builder = BatchBuilder(SOURCE)"
EACH = "for page in pages:"
READ = "builder.read(window.bucket, _safe(raw), partial(_read, window.bucket, raw))"
GET = 'return client.get("/v1/bill", params, Page)'
BATCH = "    return builder.batch("
NEXT = "lambda page: page.next_page"
COUNT = 'count_tokens(row.input_tokens, what="input_tokens")'
IS_ROW = """def _is_row(raw):
    try:
        return bool(msgspec.json.decode(raw, type=Row))
    except ValueError:
        return False


def _safe"""
NOTHING = b'{"id": "0", "day": "2026-10-01", "model": "m", "input_tokens": 0, "output_tokens": 0, "cost": 0}'

ZERO = f"builder.usage or builder.read('2026-10', b'', lambda: _read('2026-10', {NOTHING!r}))"


def takes_for_the_end(error: str, condition: str) -> Changes:
    """Return the changes of a source that takes an error for a last page without rows."""
    handler = f"except errors.{error} as exc:\n        if not ({condition}):\n            raise"
    return IMPORT, (GET, f"try:\n        {GET}\n    {handler}\n        return Page(data=[], next_page=None)")


BROKEN: Mapping[str, tuple[str, Changes]] = {
    "drops the last page": ("2 pages gave something else", [(EACH, "for page in pages[:-1] or pages:")]),
    "stops at an empty page": (
        "an empty page in the middle lost rows",
        [(EACH, f"{EACH}\n                if not page.data and len(pages) == 3:\n                    break")],
    ),
    "follows pages for ever": (
        "pages that loop for ever were no error",
        [(NEXT, "lambda page: None if page.next_page == 'again' else page.next_page")],
    ),
    "counts a row twice": ("came twice was counted twice", [("return row.id,", "return object(),")]),
    "swallows a row that comes twice": (
        "came twice vanished",
        [(BUILDER, f"{BUILDER}; seen = set()"), (READ, f"bytes(raw) in seen or {READ}; seen.add(bytes(raw))")],
    ),
    "takes cut JSON for the end": (
        "JSON cut .* gave another bill",
        takes_for_the_end("SourcePayloadError", "'bytes of JSON: Input data was truncated' in exc.seen"),
    ),
    "takes HTML for the end": (
        "HTML with status 200 .* gave another bill",
        takes_for_the_end("SourcePayloadError", "'html' in exc.seen"),
    ),
    "takes 500 for the end": (
        "500 for ever was no error",
        takes_for_the_end("SourceError", "'answered 500' in exc.seen"),
    ),
    "takes a timeout for the end": (
        "a timeout for ever was no error",
        takes_for_the_end("SourceError", "'Timeout' in exc.seen"),
    ),
    "takes a refused key for the end": ("401 .* gave another bill", takes_for_the_end("SourceAuthError", "True")),
    "swallows bad rows": ("a row was lost", [(READ, f"_is_row(raw) and {READ}"), ("def _safe", IS_ROW)]),
    "keeps NaN": ("cost = 'NaN': an amount that no ledger can hold was kept", []),
    "keeps a negative count": ("input_tokens = -1: a count that no ledger can hold", [(COUNT, "row.input_tokens")]),
    "keeps a prompt in quarantine": ("a prompt came out", [("_safe(raw), ", "raw, ")]),
    "makes a bill of nothing": (
        "no rows gave a bill",
        [
            (
                BATCH,
                f"    builder.usage or builder.read('2026-10', b'', lambda: _read('2026-10', {NOTHING!r}))\n{BATCH}",
            )
        ],
    ),
}
