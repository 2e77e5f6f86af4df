"""What a decision is, and how one comes about, for a reader who was stopped for want of one."""

from typing import Final

from costcheck.report.page import Section

WHAT: Final = (
    "A decision is a record in this repository: the company's own bills for LLM APIs, held against all that "
    "servers of its own would cost. It says stay on the API, self-host, hybrid, or not enough evidence. Only "
    "self-host and hybrid allow GPU servers: so many, of a type, in a region, up to an amount a month."
)
NEEDS: Final = (
    "It needs the bills of at least three complete months, and a person who may read them (an admin key of the "
    "API's provider). Fetching takes minutes; saying who would run the servers, and which model would do, takes "
    "longer. With a bill under 5,000 USD a month the answer is to stay on the API, unless a law or a contract "
    "forbids it."
)
STEPS: Final = (
    "`costcheck init` writes a costcheck.toml with comments: fill in company, operator, one workload",
    "`costcheck bill pull openai` reads the bills; other providers likewise, and `costcheck bill import` reads files",
    "`costcheck prices pull --out prices.json` reads the prices of today, with a login to AWS or `--public`",
    "`costcheck decide --prices prices.json --record runbooks/decisions` decides, and writes the record",
    "whoever answers for the money reads it, and accepts it by a change of its own, or does not",
)
PAGE: Final = "The same at length: `docs/decide-first.md` of the kit."


def decide_section(*, is_asked: bool) -> Section:
    """Return the explanation, nothing where nobody asks for a decision."""
    title = "What a decision is, and how to get one"
    if not is_asked:
        return Section(key="decide", title=title)
    return Section(key="decide", title=title, lead=(WHAT, NEEDS), points=STEPS, notes=(PAGE,))
