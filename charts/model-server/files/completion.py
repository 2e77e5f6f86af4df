"""Asks a model server for one chat completion, as a client in the cluster does: the check behind `helm test`.

Prints the answer and exits 0, or exits 1 with the reason. Standard library only: it runs on the python3 of the
server's image.
"""

import argparse
import http.client
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

QUESTION = "Say hello."


class NoAnswerError(Exception):
    """There is no completion, and this is why."""


def completion(url: str, model: str, key: str, seconds: float) -> str:
    """Returns the text of one chat completion.

    Args:
        url: The API, such as `http://qwen.models.svc:8080/v1`.
        model: The model id that clients send.
        key: The API key.
        seconds: How long it may take.

    Raises:
        NoAnswerError: It did not come, or is of another form.
    """
    body = {"model": model, "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 16}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{url}/chat/completions", json.dumps(body).encode(), headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310 - the chart's own Service
            return text_of(json.load(answer))
    except urllib.error.HTTPError as error:
        message = f"{url} answers {error.code}: {error.read(4096).decode(errors='replace')}"
        raise NoAnswerError(message) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        message = f"{url} does not answer within {seconds:g} s: {error}"
        raise NoAnswerError(message) from error


def text_of(answer: Any) -> str:  # noqa: ANN401 - JSON
    """Returns the text within an answer.

    Args:
        answer: The API's JSON.

    Raises:
        NoAnswerError: It holds no text, or no token was made.
    """
    try:
        text, made = answer["choices"][0]["message"]["content"], answer["usage"]["completion_tokens"]
    except (KeyError, IndexError, TypeError) as error:
        message = f"the answer is no chat completion: {answer!r:.500}"
        raise NoAnswerError(message) from error
    if not made:
        message = f"the answer has no token: {answer!r:.500}"
        raise NoAnswerError(message)
    return str(text)


def main(words: list[str]) -> int:
    """Asks once; returns the exit code.

    Args:
        words: The command line.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("url", "model"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--key-file", required=True, type=Path)
    parser.add_argument("--seconds", required=True, type=float)
    given = parser.parse_args(words)
    try:
        answer = completion(given.url, given.model, given.key_file.read_text(encoding="utf-8").strip(), given.seconds)
    except NoAnswerError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{given.model} answers: {answer}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
