"""For AWS's own client: no waits between its attempts, and its descriptions of services are loaded once."""

from functools import cache

import botocore.loaders
import pytest
from botocore.retries.standard import ExponentialBackoff

LOAD_ONCE = cache(botocore.loaders.create_loader)


@pytest.fixture(autouse=True)
def _quick_boto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.loaders, "create_loader", LOAD_ONCE)
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda _self, _context: 0)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "nowhere")
