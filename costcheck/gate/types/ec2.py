"""EC2: instances, what describes them, dedicated hosts, addresses."""

from decimal import Decimal

from costcheck.gate.accelerators import is_accelerated
from costcheck.gate.estimate import Component, Estimate, Nodes, PurchaseOption
from costcheck.gate.types.instances import (
    INSTANCE,
    LAUNCH_TEMPLATE,
    NO_TEMPLATE,
    TEMPLATE,
    described_by,
    extras,
    inside_reservation,
    launched,
    market,
    public_by_subnet,
    public_ipv4,
)
from costcheck.gate.types.lines import ONE, all_month, listed
from costcheck.gate.types.volumes import listed_volumes, template_volumes, volume_components
from costcheck.gate.view import UnpriceableError, View

INSTANCES, SPOT_REQUEST = "aws:ec2/instance:Instance", "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
HOST, LAUNCH_CONFIGURATION = "aws:ec2/dedicatedHost:DedicatedHost", "aws:ec2/launchConfiguration:LaunchConfiguration"
USED_BY = {
    "aws:eks/nodeGroup:NodeGroup": "launchTemplate",
    "aws:autoscaling/group:Group": "launchTemplate mixedInstancesPolicy launchConfiguration",
    INSTANCES: "launchTemplate",
    SPOT_REQUEST: "launchTemplate",
    "aws:ec2/fleet:Fleet": "launchTemplateConfigs",
    "aws:ec2/spotFleetRequest:SpotFleetRequest": "launchTemplateConfigs",
    "aws:batch/computeEnvironment:ComputeEnvironment": "computeResources",
}
"""Types that launch instances from a description, to the properties that name it."""


def instance(view: View) -> Estimate:
    """Return an instance with its volumes, and what else it buys by its hours."""
    template = described_by(view, "launchTemplate")
    described = view if template is None or view.has("instanceMarketOptions") else template
    return _one(view, template, market(described))


def spot_request(view: View) -> Estimate:
    """Return the instance that a request for spot capacity keeps."""
    return _one(view, described_by(view, "launchTemplate"), PurchaseOption.SPOT)


def _one(view: View, template: View | None, option: PurchaseOption) -> Estimate:
    named = view if template is None or view.has("instanceType") else template
    types = (named.text("instanceType"),)
    nodes = Nodes(instance_types=types, purchase_option=option, desired=ONE, maximum=ONE)

    def parts() -> tuple[Component, ...]:
        if template is None and view.has("launchTemplate"):
            raise UnpriceableError(NO_TEMPLATE)
        described = () if template is None else extras(template, TEMPLATE, nodes)
        own = extras(view, INSTANCE, nodes, public=public_by_subnet(view, "subnetId"))
        return (*_volumes(view, template), *own, *(part for part in described if part not in own))

    return launched(() if inside_reservation(types, view, template) else (nodes,), parts)


def _volumes(view: View, template: View | None) -> tuple[Component, ...]:
    further = listed_volumes(view, ("ebsBlockDevices",), count=ONE, maximum=None)
    if view.has("rootBlockDevice"):
        root = volume_components(view, ("rootBlockDevice",), count=ONE, maximum=None, size="volumeSize")
    elif template is not None:
        root = template_volumes(template, count=ONE, maximum=None)
    else:
        message = "rootBlockDevice is not in the plan, so the size of the disk is the image's choice"
        raise UnpriceableError(message)
    return (*root, *further)


def launch_template(view: View) -> Estimate:
    """Return nothing where what launches from it is in the plan, which counts its instances there.

    Raises:
        UnpriceableError: Nothing in the plan does, and it is about accelerators: a group elsewhere may follow it.
    """
    if _is_used(view):
        return Estimate()
    if view.has("instanceRequirements"):
        refuse_open_choice(view, "instanceRequirements")
    elif view.has("instanceType") and is_accelerated(view.text("instanceType"), view.side.instances):
        message = f"it describes {view.text('instanceType')}, and what launches from it is not in the plan"
        raise UnpriceableError(message)
    return Estimate()


def _is_used(view: View) -> bool:
    return any(
        view in user.all_referred(name, view.resource.token)
        for token, names in USED_BY.items()
        for user in view.dependents(token)
        for name in names.split()
    )


def refuse_open_choice(view: View, *path: str | int) -> None:
    """Do nothing where requirements of instances rule accelerators out.

    Raises:
        UnpriceableError: They leave the types to AWS, and types with accelerators may be among them.
    """
    if view.has(*path, "acceleratorCount", "max") and view.number(*path, "acceleratorCount", "max") == 0:
        return
    message = f"{'.'.join(map(str, path))} leaves the instance types to AWS, accelerators among them"
    raise UnpriceableError(message)


def dedicated_host(view: View) -> Estimate:
    """Return a host, charged by the family of its instances; those that run on it cost nothing more.

    https://github.com/infracost/infracost/blob/master/internal/resources/aws/ec2_host.go (read 2026-11-26)

    Raises:
        UnpriceableError: It carries accelerators: no decision is about whole hosts.
    """
    name = view.text("instanceFamily" if view.has("instanceFamily") else "instanceType")
    family = name.partition(".")[0]
    if is_accelerated(family, view.side.instances):
        message = f"a dedicated host of {family} carries accelerators, and how many is not in the plan"
        raise UnpriceableError(message)
    by = listed("AmazonEC2", f"HostUsage:{family}", "Hours", productFamily="Dedicated Host")
    return Estimate(components=(all_month(f"dedicated host of {family}", by),))


def elastic_ip(_: View) -> Estimate:
    """Return a public IPv4 address."""
    return Estimate(components=(public_ipv4(Decimal(1)),))


RUNS_NODES = frozenset({INSTANCES, SPOT_REQUEST, LAUNCH_TEMPLATE, LAUNCH_CONFIGURATION, HOST})
PRICED = {
    INSTANCES: instance,
    SPOT_REQUEST: spot_request,
    LAUNCH_TEMPLATE: launch_template,
    LAUNCH_CONFIGURATION: launch_template,
    HOST: dedicated_host,
    "aws:ec2/eip:Eip": elastic_ip,
}
