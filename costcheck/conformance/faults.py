"""What providers do on a bad day, each as a change of one healthy answer."""

from costcheck.conformance.server import Answer, Fault, Misdeed

DATE = "Wed, 25 Nov 2026 12:00:00 GMT"


def status(code: int, **headers: str) -> Fault:
    """Return the fault of another status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _answer: Answer(body=b'{"error": {"message": "not now"}}', status=code, headers=named)


def body(content: bytes) -> Fault:
    """Return the fault of another body."""
    return lambda _answer: Answer(body=content)


def misdeed(kind: Misdeed) -> Fault:
    """Return the fault of no answer at all."""
    return lambda _answer: kind


# One of these, once, is met by asking again: the bill must come out as if nothing had happened.
PASSING: dict[str, Fault] = {
    "429 with Retry-After in seconds": status(429, retry_after="0"),
    "429 with Retry-After as a date": status(429, retry_after=DATE, date=DATE),
    "429 without Retry-After": status(429),
    "500": status(500),
    "502 of a proxy, in HTML": lambda _answer: Answer(body=b"<html>Bad gateway</html>", status=502),
    "503 with Retry-After": status(503, retry_after="0"),
    "a reset": misdeed(Misdeed.RESET),
    "a timeout": misdeed(Misdeed.HANG),
    "an answer shorter than its length": misdeed(Misdeed.CUT),
}
# These are no answer of the provider: the bill must come out the same, or an error say so.
REFUSED: dict[str, Fault] = {
    "401": status(401),
    "403": status(403),
    "404": status(404),
    "HTML with status 200": body(b"<!doctype html><html><body>Sign in</body></html>"),
    "an empty body": body(b""),
    "null": body(b"null"),
    "a list": body(b"[]"),
    "an empty object": body(b"{}"),
    "text that is not UTF-8": body(b'{"data": ["\xff\xfe"]}'),
    "JSON cut in the middle": lambda answer: Answer(body=answer.body[: len(answer.body) // 2]),
    "JSON cut at its last byte": lambda answer: Answer(body=answer.body[:-1]),
    "two answers in one": lambda answer: Answer(body=answer.body * 2),
}
LASTING = ("429 without Retry-After", "500", "a reset", "a timeout")
"""Of what passes, what is tried for ever, too."""
CUT = ("HTML with status 200", "an empty object", "JSON cut in the middle")
"""Of what is refused, what is tried in place of the first answer, too."""
