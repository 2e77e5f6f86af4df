"""Azure's meters in a FOCUS export, read as `pull azure` reads them; every line here is constructed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from costcheck.records import BillBatch, Operation, Provenance
from costcheck.sources.bills import focus as source
from tests.costcheck.sources.bills.focus_rows import Row, focus, write_csv


def azure(meter: str = "gpt 5.4 cached Inp glbl 1M Tokens", changes: Row | None = None) -> Row:
    details: Row = {
        "ProviderName": "Microsoft",
        "ServiceName": "Foundry Models",
        "SkuId": "DZH318Z0",
        "SkuMeter": meter,
        "ConsumedQuantity": "1.5",
        "ConsumedUnit": "1M",
        "PricingQuantity": "1.5",
        "PricingUnit": "1M",
    }
    return focus(**details | (changes or {}))


def read(provenance: Provenance, folder: Path, *rows: Row) -> BillBatch:
    return source.read(write_csv(folder / "azure.csv", list(rows)), provenance)


@pytest.mark.parametrize(
    ("unit", "quantity"), [("1M", "1.5"), ("1M Tokens", "1.5"), ("1K Tokens", "1500"), ("Tokens", "1500000")]
)
def test_a_meter_tells_model_class_and_deployment_and_its_unit_the_tokens(
    provenance: Provenance, tmp_path: Path, unit: str, quantity: str
) -> None:
    units: Row = {
        "ConsumedUnit": unit,
        "PricingUnit": unit,
        "ConsumedQuantity": quantity,
        "PricingQuantity": quantity,
    }
    batch = read(provenance, tmp_path, azure(changes=units))
    (row,) = batch.usage
    assert (row.service_provider_name, row.request_model) == ("azure", "gpt-5.4")
    assert (row.cache_read_input_tokens, row.input_tokens) == (1_500_000, 1_500_000)
    assert "deployment:global" in row.tags
    assert batch.charges[0].x_gen_ai_request_model == "gpt-5.4"


def test_an_embedding_is_no_chat(provenance: Provenance, tmp_path: Path) -> None:
    (row,) = read(provenance, tmp_path, azure("text embedding 3 small Inp glbl Tokens")).usage
    assert (row.request_model, row.operation) == ("text-embedding-3-small", Operation.EMBEDDINGS)


@pytest.mark.parametrize(
    ("meter", "unit"),
    [
        ("Neural Text To Speech Output Characters", "1M"),
        ("Content Safety Input Text Records", "1K"),
        ("Translator Document Input Pages", "1K"),
    ],
)
def test_characters_records_and_pages_are_money_without_tokens(
    provenance: Provenance, tmp_path: Path, meter: str, unit: str
) -> None:
    changes: Row = {"ServiceName": "Azure Cognitive Services", "ConsumedUnit": unit, "PricingUnit": unit}
    batch = read(provenance, tmp_path, azure("gpt 5.4 Outp glbl"), azure(meter, changes))
    assert [row.request_model for row in batch.usage] == ["gpt-5.4"]
    assert [row.billed_cost for row in batch.charges if not row.x_gen_ai_request_model] == [Decimal("2.5")]
    assert batch.quarantined == ()


@pytest.mark.parametrize(
    "changes", [{"ConsumedUnit": "Units", "PricingUnit": "Units"}, {"ConsumedUnit": "1K", "PricingUnit": "1K"}]
)
def test_a_unit_that_may_be_anything_or_contradicts_the_meter_is_refused(
    provenance: Provenance, tmp_path: Path, changes: Row
) -> None:
    batch = read(provenance, tmp_path, azure("gpt 5.4 Outp glbl Tokens"), azure(changes=changes))
    assert len(batch.usage) == 1
    assert ["counts tokens" in row.reason for row in batch.quarantined] == [True]
