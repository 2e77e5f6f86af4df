"""AWS Batch: compute environments, whose limit of vCPUs bounds their instances."""

from decimal import Decimal

from costcheck.gate.accelerators import is_accelerated
from costcheck.gate.estimate import Component, Estimate, Nodes, PurchaseOption
from costcheck.gate.types.autoscaling import template_parts, whole
from costcheck.gate.types.containers import FARGATE, ON_FARGATE
from costcheck.gate.types.instances import NO_TEMPLATE, described_by, launched
from costcheck.gate.types.lines import ONE, by_use
from costcheck.gate.view import UnpriceableError, View

ENVIRONMENT = "aws:batch/computeEnvironment:ComputeEnvironment"
RESOURCES = "computeResources"
OPTIONS = {"EC2": PurchaseOption.ON_DEMAND, "SPOT": PurchaseOption.SPOT}
CHOSEN_BY_BATCH = frozenset({"optimal", "default_x86_64", "default_arm64"})
"""Types that Batch chooses, none with accelerators
(https://docs.aws.amazon.com/batch/latest/userguide/instance-type-compute-table.html, read 2026-11-26)."""


def compute_environment(view: View) -> Estimate:
    """Return the instances that jobs may start, or on Fargate what they use.

    How many run is for the jobs to say, so that the most is also what is reckoned with. An unmanaged environment
    starts nothing: its instances are priced where they stand.
    """
    kind = view.text("type")
    if kind.upper() == "UNMANAGED":
        return Estimate()
    option = view.text(RESOURCES, "type")
    if option in ON_FARGATE:
        return Estimate(components=tuple(by_use(f"jobs, {by.pricing_unit}", by) for by in FARGATE["X86_64"]))
    if option not in OPTIONS:
        message = f"{RESOURCES}.type is {option[:60]!r}, and no price of it is built in"
        raise UnpriceableError(message)
    return _instances(view, OPTIONS[option])


def _instances(view: View, option: PurchaseOption) -> Estimate:
    types = view.texts(RESOURCES, "instanceTypes")
    open_choices = [name for name in types if "." not in name]
    if not types or any(name not in CHOSEN_BY_BATCH and is_accelerated(name, {}) for name in open_choices):
        message = f"{RESOURCES}.instanceTypes does not list the types, and some with accelerators may be among them"
        raise UnpriceableError(message)
    listed = tuple(name for name in types if name not in open_choices)
    most = _most(view, listed)
    if not listed:
        return Estimate(unpriced=f"{RESOURCES}.instanceTypes leaves the types to Batch, none with accelerators")
    nodes = Nodes(instance_types=listed, purchase_option=option, desired=most, maximum=most)
    return launched((nodes,), lambda: _parts(view, nodes, open_choices))


def _most(view: View, types: tuple[str, ...]) -> Decimal:
    """Return the most instances, as if all were of the smallest type, the last one beyond the limit.

    Batch exceeds its limit by no more than a single instance
    (https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html). A type that nobody knows has at
    least one vCPU.
    """
    known = view.side.instances
    smallest = min((Decimal(known[name].vcpu_count) if name in known else ONE for name in types), default=ONE)
    return whole(view.number(RESOURCES, "maxVcpus") / smallest)


def _parts(view: View, nodes: Nodes, open_choices: list[str]) -> tuple[Component, ...]:
    if open_choices:
        message = f"{RESOURCES}.instanceTypes leaves some types to Batch: {', '.join(open_choices)}"
        raise UnpriceableError(message)
    for name in nodes.instance_types:
        view.instance(name)
    template = described_by(view, RESOURCES, "launchTemplate")
    if template is None:
        message = f"{NO_TEMPLATE}: the disks of {RESOURCES} are the image's choice"
        raise UnpriceableError(message)
    return template_parts(view, template, nodes, subnets=RESOURCES)


RUNS_NODES = frozenset({ENVIRONMENT})
PRICED = {ENVIRONMENT: compute_environment}
