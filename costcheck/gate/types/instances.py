"""What all descriptions of instances share: how they are bought, what may not be told from a plain price, extras."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate, Nodes, PurchaseOption
from costcheck.gate.types.lines import all_month, by_use, listed, monthly
from costcheck.gate.types.monitoring import CUSTOM_METRICS
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter, meter
from costcheck.plan.records import UNKNOWN, Resource

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
SUBNET, DEFAULT_SUBNET = "aws:ec2/subnet:Subnet", "aws:ec2/defaultSubnet:DefaultSubnet"
MARKETS = {"spot": PurchaseOption.SPOT, "capacity-block": PurchaseOption.CAPACITY_BLOCK}
UNLIMITED_BY_DEFAULT = frozenset({"t3", "t3a", "t4g"})
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances-unlimited-mode.html"""
DETAILED_METRICS = 7
"""Metrics of an instance that detailed monitoring charges for (https://aws.amazon.com/cloudwatch/pricing/,
https://github.com/infracost/infracost/blob/master/internal/resources/aws/instance.go, read 2026-11-26)."""
TEMPLATE_NAMES = ("id", "name", "launchTemplateId", "launchTemplateName")
VERSIONS = "latestVersion", "defaultVersion"
NO_TEMPLATE = "the launch template is not in the plan, in the version that is launched"
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Where a description of instances says what.

    Attributes:
        image: Its image.
        tenancy: Whether it shares hardware.
        monitoring: Whether its metrics are detailed; they are where nothing is said and `monitored`.
        public_address: Whether it has a public address.
    """

    image: str
    tenancy: Path
    monitoring: Path
    public_address: Path
    monitored: bool = False


TEMPLATE = Words(
    image="imageId",
    tenancy=("placement", "tenancy"),
    monitoring=("monitoring", "enabled"),
    public_address=("networkInterfaces", 0, "associatePublicIpAddress"),
)
INSTANCE = Words(
    image="ami", tenancy=("tenancy",), monitoring=("monitoring",), public_address=("associatePublicIpAddress",)
)
CONFIGURATION = Words(
    image="imageId",
    tenancy=("placementTenancy",),
    monitoring=("enableMonitoring",),
    public_address=("associatePublicIpAddress",),
    monitored=True,
)


def described_by(view: View, *path: str | int) -> View | None:
    """Return the launch template of the plan that stands at a path, None where it may be another or an older version.

    What the plan shows is the latest version. An unknown one comes from the template itself: only an update makes it.
    """
    found = view.all_referred(str(path[0]), LAUNCH_TEMPLATE)
    named = [value for key in TEMPLATE_NAMES if (value := view.raw(*path, key)) not in (None, "")]
    meant = [template for template in found if named and all(map(template.may_be_called, named))]
    return meant[0] if len(meant) == 1 and _is_latest(view.raw(*path, "version"), meant[0].resource) else None


def _is_latest(version: object, template: Resource) -> bool:
    latest, default = (template.outputs.get(name) or int(template.is_created) for name in VERSIONS)
    if version in (None, "", "$Default"):
        follows = template.is_created or template.inputs.get("updateDefaultVersion") in (True, "true")
        return follows or 0 != default == latest
    return version in ("$Latest", UNKNOWN) or (latest != 0 and str(version) == str(latest))


def launched(nodes: tuple[Nodes, ...], parts: Callable[[], tuple[Component, ...]]) -> Estimate:
    """Return nodes with what each brings along; nodes are told even where the rest cannot be priced."""
    try:
        return Estimate(nodes=nodes, components=parts())
    except UnpriceableError as exc:
        return Estimate(nodes=nodes, unpriced=str(exc))


def market(view: View) -> PurchaseOption:
    """Return how a launch template or an instance is bought.

    Raises:
        UnpriceableError: It names a market that is not known here.
    """
    if not view.has("instanceMarketOptions"):
        return PurchaseOption.ON_DEMAND
    name = view.text("instanceMarketOptions", "marketType")
    if name in MARKETS:
        return MARKETS[name]
    message = f"instanceMarketOptions.marketType is {name!r}, which is none of {', '.join(MARKETS)}"
    raise UnpriceableError(message)


def inside_reservation(types: tuple[str, ...], *descriptions: View | None) -> bool:
    """Return whether instances run only inside a reservation of the plan, which counts and pays for them.

    A target without a preference binds them to it (`capacityReservationTarget` in
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservationSpecification.html).
    """
    found = [reserved for view in descriptions if view and (reserved := _target(view)) is not None]
    return bool(found) and all(types == (reserved.text("instanceType"),) for reserved in found)


def _target(view: View) -> View | None:
    name = "capacityReservationSpecification"
    if not view.has(name, "capacityReservationTarget"):
        return None
    bound = view.text(name, "capacityReservationPreference", default="capacity-reservations-only")
    return view.referred(name, RESERVATION) if bound == "capacity-reservations-only" else None


def extras(view: View, words: Words, nodes: Nodes, *, public: bool = False) -> tuple[Component, ...]:
    """Return what a description buys for each node beside its hours and its disks.

    Args:
        view: The description.
        words: Where it says what.
        nodes: What runs by it.
        public: Whether its subnets give public addresses.

    Raises:
        UnpriceableError: It has hardware or an operating system whose price is another one.
    """
    _require_plain(view, words)
    return tuple(_extras(view, words, nodes, public=public))


def _extras(view: View, words: Words, nodes: Nodes, *, public: bool) -> Iterator[Component]:
    count, maximum = nodes.desired, nodes.maximum or nodes.desired
    if view.flag(*words.monitoring, default=words.monitored or _is_begun(view, words.monitoring)):
        yield monthly("detailed metrics", CUSTOM_METRICS, DETAILED_METRICS * count, DETAILED_METRICS * maximum)
    if view.flag(*words.public_address, default=public or _is_begun(view, words.public_address)):
        yield public_ipv4(count, maximum)
    for family in sorted({name.partition(".")[0] for name in nodes.instance_types}):
        if _bursts(view, family):
            yield by_use("CPU credits beyond those included", _credits(family))


def _credits(family: str) -> Meter:
    return listed(
        "AmazonEC2",
        f"CPUCredits:{family}",
        "vCPU-Hours",
        "vCPU-hours",
        productFamily="CPU Credits",
        operatingSystem="Linux",
    )


def _is_begun(view: View, path: Path) -> bool:
    """Return whether the block around a field stands: one that does not say is reckoned as if it were on."""
    return len(path) > 1 and view.has(path[0])


def _bursts(view: View, family: str) -> bool:
    """Return whether instances may buy CPU credits."""
    if family != "t2" and family not in UNLIMITED_BY_DEFAULT:
        return False
    path = "creditSpecification", "cpuCredits"
    default = "unlimited" if family in UNLIMITED_BY_DEFAULT or _is_begun(view, path) else "standard"
    return view.text(*path, default=default) != "standard"


def _require_plain(view: View, words: Words) -> None:
    tenancy = view.text(*words.tenancy, default="default")
    if tenancy != "default":
        message = (
            f"{'.'.join(map(str, words.tenancy))} is {tenancy!r}, and only prices of shared hardware are built in"
        )
        raise UnpriceableError(message)
    image = view.resource.inputs.get(words.image)
    windows = isinstance(image, str) and "windows" in image.lower()
    if windows or view.has("licenseSpecifications") or view.flag("getPasswordData", default=False):
        message = "only prices of Linux without licences are built in"
        raise UnpriceableError(message)


def public_by_subnet(view: View, name: str) -> bool:
    """Return whether a subnet of the plan, which a property names, gives each instance a public address."""
    subnets = view.all_referred(name, SUBNET, DEFAULT_SUBNET)
    return any(one.resource.token == DEFAULT_SUBNET or _gives_addresses(one) for one in subnets)


def _gives_addresses(subnet: View) -> bool:
    return subnet.flag("mapPublicIpOnLaunch", default=False)


def public_ipv4(count: Decimal, maximum: Decimal | None = None) -> Component:
    """Return public IPv4 addresses, all month; in use or idle, AWS charges the same."""
    return all_month("public IPv4 address", meter("AmazonVPC", "PublicIPv4:InUseAddress"), count, maximum)
