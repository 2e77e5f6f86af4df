"""Azure, BigQuery and OpenRouter, with healthy providers for the suite."""

from collections.abc import Mapping

from costcheck.conformance import Answer, PullSubject
from costcheck.conformance.pulls import Pages
from costcheck.conformance.server import Provider
from costcheck.sources.bills import azure, azure_monitor, google_bigquery, openrouter
from tests.costcheck.conformance.subjects import Row, copies
from tests.costcheck.sources.bills import test_azure, test_azure_monitor, test_google_bigquery, test_openrouter

BIGQUERY_ROW: Row = {
    "day": "2026-10-20",
    "service_id": "C7E2-9256-1C43",
    "sku": test_google_bigquery.INPUT,
    "project": "prod-1",
    "unit": "requests",
    "currency": "USD",
    "cost_type": "regular",
    "credit": None,
    "cost": "0.3195",
    "amount": "1065040",
    "row_count": "24",
}


def bigquery_provider(pages: Pages) -> Provider:
    """Serve rows as BigQuery does: a list of cells, without their names."""
    return test_google_bigquery.bigquery(
        [[{"f": [{"v": value} for value in row.values()]} for row in page] for page in pages]
    )


LOOP = test_azure.cost_management([[test_azure.named()]] * 1000)

CLOUD_SUBJECTS: Mapping[str, PullSubject] = {
    "azure": PullSubject(
        module=azure,
        request=test_azure.request,
        provider=test_azure.cost_management,
        rows=(
            test_azure.named(),
            test_azure.named(UsageDate=20261106),
            test_azure.named(UsageDate=20261107, Cost=1),
        ),
        looping=lambda asked: Answer(body=LOOP(asked).body.replace(b"skiptoken=1", b"skiptoken=0")),
        read=2,
    ),
    "azure-monitor": PullSubject(
        module=azure_monitor,
        request=test_azure_monitor.request,
        provider=test_azure_monitor.monitor,
        rows=tuple(test_azure_monitor.point(100.0 + minute, f"2026-11-21T09:0{minute}:00Z") for minute in range(3)),
        paged=False,
        # Without a total nothing happened in that minute.
        optional=frozenset({"total"}),
    ),
    "google-bigquery": PullSubject(
        module=google_bigquery,
        request=test_google_bigquery.request,
        provider=bigquery_provider,
        rows=copies(BIGQUERY_ROW, {}, {"day": "2026-10-21"}, {"project": "prod-2", "cost": "1"}),
        looping=lambda _: Answer(body=test_google_bigquery.page([test_google_bigquery.row()], pageToken="same")),
        read=2,
    ),
    "openrouter": PullSubject(
        module=openrouter,
        request=test_openrouter.request,
        provider=test_openrouter.one_day,
        rows=(
            test_openrouter.item(),
            test_openrouter.item(endpoint_id="b", usage=0.25),
            test_openrouter.item(model_permaslug="c"),
        ),
        paged=False,
        read=2,
        optional=frozenset({"workspace_id"}),
    ),
}
