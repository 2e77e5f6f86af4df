"""What the preflight says about one value."""

from collections.abc import Iterable
from dataclasses import dataclass

from infra.errors import Problem, refuse
from infra.reading import Problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Something that cannot be had.

    Attributes:
        key: Whole key of the configuration.
        value: What stands there.
        right: What would be right.
        stands: It was accepted before and is not growing: a warning, since keeping and shrinking always work.
    """

    key: str
    value: object
    right: str
    stands: bool = False


def settle(judgements: Iterable[Judgement]) -> list[Problem]:
    """Return what is wrong with things that stand already.

    Raises:
        ProblemsError: With everything that is wrong with new things.
    """
    new, standing = Problems(), Problems()
    for found in judgements:
        (standing if found.stands else new).add(found.key, found.value, found.right)
    refuse(new.found)
    return standing.found
