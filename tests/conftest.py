"""For every test: no environment that could leak in, and property tests that neither time out nor vary by run."""

import os

import pytest
from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("searching", deadline=None, max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

KEYS = ("OPENAI_ADMIN_KEY", "ANTHROPIC_ADMIN_KEY", "LITELLM_MASTER_KEY", "LITELLM_BASE_URL")
PREFIXES = ("AWS_", "HTTP_PROXY", "HTTPS_PROXY")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--live", action="store_true", help="also run tests/live, against real accounts and the network")


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name in KEYS or name.upper().startswith(PREFIXES):
            monkeypatch.delenv(name)
