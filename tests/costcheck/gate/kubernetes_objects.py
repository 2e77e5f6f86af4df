"""Objects of Kubernetes to test with."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from costcheck.gate.estimate import Estimate
from costcheck.gate.types.kubernetes import estimate_object
from costcheck.gate.view import Side, View
from costcheck.plan.records import KUBERNETES, Resource
from costcheck.records import InstanceType, Origin, Provenance

HERE = Provenance(
    source="test", source_url="https://example.com", retrieved_on=date(2026, 8, 1), origin=Origin.CONSTRUCTED
)


def resource(kind: str, name: str = "one", annotations: Mapping[str, str] | None = None, **inputs: Any) -> Resource:  # noqa: ANN401 - any JSON
    """Return `core/v1:Service` and the like, or a resource of AWS by its whole token."""
    token = kind if kind.startswith("aws:") else f"{KUBERNETES}{kind}"
    metadata = {"name": name, "annotations": dict(annotations or {})}
    return Resource(
        urn=f"urn:pulumi:dev::shop::{token}::{name}",
        token=token,
        inputs=inputs if kind.startswith("aws:") else {"metadata": metadata, **inputs},
        region_id="us-east-1",
    )


def instance(name: str, vcpus: int, gpus: int) -> InstanceType:
    return InstanceType(
        instance_type=name,
        vcpu_count=vcpus,
        memory_gib=Decimal(16),
        gpu_count=gpus,
        gpu_name="L4" if gpus else None,
        gpu_memory_gib=Decimal(24) if gpus else None,
        instance_storage_gb=0,
        provenance=HERE,
    )


FACTS = {
    one.instance_type: one
    for one in (
        instance("g6.xlarge", 4, 1),
        instance("g6.2xlarge", 8, 1),
        instance("g6.12xlarge", 48, 4),
        instance("g4ad.xlarge", 4, 1),
        instance("m7i.large", 2, 0),
    )
}


def estimate(one: Resource, *others: Resource) -> Estimate:
    """Return what one object costs beside others."""
    return estimate_object(View(one, Side((one, *others), FACTS)))


def quantities(found: Estimate) -> dict[str, Decimal | None]:
    """Return the desired quantity of each component by its meter."""
    return {component.meter.sku_meter: component.quantity for component in found.components}
