"""Changes JSON documents into other JSON documents, so that a fuzzer gets past the parser."""

import copy
import json
import random
from typing import Any

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3, 10**30, 0.5, -0.0, 1e308, "", "1", "-1", "NaN", "Infinity", "1e999", [], {}, [[]],
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "[secret]", {"4dabf18193072939515e22adb298388d": "x"}, "p5.48xlarge",
    "g6.xlarge", "SPOT", "ON_DEMAND", "create", "update", "delete", "same", "replace", "error", "us-east-1", "gp3",
    "\x00", "\ud7ff", "<script>", "@all #1 [x](y)\n\n| |", "-->",
)  # fmt: skip
MOST_CHANGES = 4


def mutate(content: bytes, seed: int) -> bytes:
    """Return the document with a few values replaced, removed, doubled or moved; what is no JSON, as it is."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return content
    for _ in range(rng.randint(1, MOST_CHANGES)):
        _change(document, rng)
    return json.dumps(document).encode()


def _change(document: Any, rng: random.Random) -> None:  # noqa: ANN401 - any JSON
    places = list(_places(document))
    if not places:
        return
    holder, key = rng.choice(places)
    action = rng.randrange(4)
    if action == 0:
        holder[key] = _value(rng)
    elif action == 1:
        del holder[key]
    elif action == 2:
        other, name = rng.choice(places)
        holder[key] = json.loads(json.dumps(other[name]))
    elif isinstance(holder, list):
        holder.insert(key, json.loads(json.dumps(holder[key])))
    else:
        holder[rng.choice(["size", "region", "instanceType", "maxSize", str(key) + "x"])] = _value(rng)


def _value(rng: random.Random) -> Any:  # noqa: ANN401 - any JSON
    # A copy: the same list in two places would change in both, or come to hold itself.
    return copy.deepcopy(rng.choice(VALUES))


def _places(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Yield each container inside with each of its keys."""
    if isinstance(value, dict):
        for key in value:
            yield value, key
            yield from _places(value[key])
    elif isinstance(value, list):
        for index in range(len(value)):
            yield value, index
            yield from _places(value[index])
