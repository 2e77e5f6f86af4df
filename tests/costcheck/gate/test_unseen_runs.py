"""What runs something at `up` is named in a notice, and denies nothing."""

import pytest

from costcheck.gate.unseen_runs import UNSEEN
from tests.costcheck.gate.plans import Json, create, delete, gate, preview, read

COMMAND = "command:local:Command"


def told(*steps: Json) -> list[str]:
    return [notice.seen for notice in gate(read(preview(*steps))).notices if notice.name == UNSEEN]


@pytest.mark.parametrize(
    "token",
    [
        COMMAND, "command:remote:Command", "pulumi-python:dynamic:Resource", "pulumi-nodejs:dynamic:Resource",
        "pulumi-nodejs:dynamic/shop:Resource", "aws:ssm/association:Association",
    ],
)  # fmt: skip
def test_what_runs_something_is_named(token: str) -> None:
    result = gate(read(preview(create(token, "it", {"create": "echo"}))))

    assert result.outcome == "allowed"
    assert told(create(token, "it", {"create": "echo"})) == [
        "`it`: what it runs at `up` is not looked into, and may start machines"
    ]


def test_several_are_one_notice_that_names_the_first() -> None:
    (seen,) = told(*(create(COMMAND, f"c{place}", {"create": "echo"}) for place in range(7)))

    assert seen.startswith("`c0`, `c1`, `c2`, `c3`, `c4`, 2 more: ")


def test_what_goes_or_runs_nothing_is_not_named() -> None:
    assert told(delete(COMMAND, "it", {"create": "echo"}), create("aws:s3/bucket:Bucket", "b", {})) == []
