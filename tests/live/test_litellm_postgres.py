"""A LiteLLM proxy's database still has the tables that we read."""

from collections.abc import Callable
from datetime import UTC, datetime

from costcheck.sources.bills import litellm_postgres
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import Window
from tests.live.checks import assert_sound


def test_last_months_log_is_read_without_a_remainder(
    key: Callable[[str], str], last_month: tuple[Window, ...]
) -> None:
    environ = {"LITELLM_DATABASE_URL": key("LITELLM_DATABASE_URL")}
    request = PullRequest(windows=last_month, now=datetime.now(UTC), environ=environ)

    assert_sound(litellm_postgres.pull(request), last_month[0])
