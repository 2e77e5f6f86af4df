"""Service Quotas still knows every quota of our table under its code or name."""

from datetime import date

import pytest

from costcheck.quotas import QuotaRule, quota_rules
from costcheck.sources.prices.aws_quotas import fetch_quota
from costcheck.sources.prices.pull import PriceClients
from tests.live.checks import REGION


@pytest.mark.parametrize("rule", quota_rules(), ids=lambda rule: str(rule.name))
def test_every_quota_of_the_table_is_known_to_aws(rule: QuotaRule, aws: PriceClients, today: date) -> None:
    quota = fetch_quota(aws.quotas, REGION, rule, retrieved_on=today)

    assert quota.vcpu_limit >= 0
    assert rule.name in quota.quota_name
