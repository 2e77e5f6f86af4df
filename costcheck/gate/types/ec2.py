"""EC2: instances, Auto Scaling groups, volumes, addresses."""

from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate, Nodes, PurchaseOption
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import meter
from costcheck.units import HOURS_PER_MONTH

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GP3 = meter("AmazonEC2", "EBS:VolumeUsage.gp3")
GP3_IOPS = meter("AmazonEC2", "EBS:VolumeP-IOPS.gp3")
GP3_THROUGHPUT = meter("AmazonEC2", "EBS:VolumeP-Throughput.gp3")
INCLUDED_IOPS, INCLUDED_MIBPS = 3000, 125
"""What a gp3 volume includes (https://aws.amazon.com/ebs/pricing/, read 2026-09-25)."""


def template_volumes(template: View, *, count: Decimal, maximum: Decimal | None) -> tuple[Component, ...]:
    """Return the volumes that each instance of a launch template brings along.

    Raises:
        UnpriceableError: The template leaves a size to the image, or a type without a meter here.
    """
    mappings = template.items("blockDeviceMappings")
    if not mappings:
        message = "blockDeviceMappings is not in the plan, so the size of the disks is the image's choice"
        raise UnpriceableError(message)
    return tuple(
        part
        for index in range(mappings)
        for part in volume_components(
            template, ("blockDeviceMappings", index, "ebs"), count=count, maximum=maximum, size="volumeSize"
        )
    )


def volume_components(
    view: View, path: tuple[str | int, ...], *, count: Decimal, maximum: Decimal | None, size: str = "size"
) -> tuple[Component, ...]:
    """Return what `count` volumes of one description cost: size, and what is bought beyond what gp3 includes."""
    kind = view.text(*path, "volumeType" if size == "volumeSize" else "type")
    if kind != "gp3":
        message = f"no price of volumes of type {kind} is built in"
        raise UnpriceableError(message)
    gib = view.number(*path, size)
    iops = view.number(*path, "iops", default=INCLUDED_IOPS)
    throughput = view.number(*path, "throughput", default=INCLUDED_MIBPS)
    each = (
        ("gp3 volume", GP3, gib),
        ("gp3 IOPS beyond 3,000", GP3_IOPS, max(iops - INCLUDED_IOPS, Decimal(0))),
        ("gp3 throughput beyond 125 MiB/s", GP3_THROUGHPUT, max(throughput - INCLUDED_MIBPS, Decimal(0))),
    )
    return tuple(
        Component(
            name=name,
            meter=by,
            quantity=count * quantity,
            maximum_quantity=None if maximum is None else maximum * quantity,
        )
        for name, by, quantity in each
        if quantity
    )


def volume(view: View) -> Estimate:
    """Return an EBS volume."""
    return Estimate(components=volume_components(view, (), count=Decimal(1), maximum=None))


def elastic_ip(_: View) -> Estimate:
    """Return a public IPv4 address; in use or idle, AWS charges the same."""
    return Estimate(components=(public_ipv4(1),))


def public_ipv4(count: int) -> Component:
    """Return `count` public IPv4 addresses, all month."""
    return Component(
        name="public IPv4 address",
        meter=meter("AmazonVPC", "PublicIPv4:InUseAddress"),
        quantity=count * HOURS_PER_MONTH,
    )


def instance(view: View) -> Estimate:
    """Return an instance and the volumes that it lists."""
    spot = view.has("instanceMarketOptions") or view.has("spotOptions")
    option = PurchaseOption.SPOT if spot else PurchaseOption.ON_DEMAND
    one = Decimal(1)
    return Estimate(
        nodes=(Nodes(instance_types=(view.text("instanceType"),), purchase_option=option, desired=one, maximum=one),),
        components=volume_components(view, ("rootBlockDevice",), count=one, maximum=None, size="volumeSize"),
    )


RUNS_NODES = frozenset({"aws:ec2/instance:Instance"})
PRICED = {
    "aws:ec2/instance:Instance": instance,
    "aws:ebs/volume:Volume": volume,
    "aws:ec2/eip:Eip": elastic_ip,
}
