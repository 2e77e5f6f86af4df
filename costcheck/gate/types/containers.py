"""Containers without instances of one's own: ECS on Fargate, App Runner; ECR.

Usage types as in https://github.com/infracost/infracost/blob/master/internal/resources/aws/ecs_service.go and in the
price lists AmazonECS and AWSAppRunner, as quoted in public repositories (read 2026-11-26).
"""

import re
from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.types.application_scaling import lifted
from costcheck.gate.types.instances import public_ipv4
from costcheck.gate.types.lines import all_month, by_use, listed, only_by_use
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter, meter

ECS, APP_RUNNER = "AmazonECS", "AWSAppRunner"
SERVICE, TASK_DEFINITION = "aws:ecs/service:Service", "aws:ecs/taskDefinition:TaskDefinition"
CAPACITY_PROVIDER = "aws:ecs/capacityProvider:CapacityProvider"
SCALING = "aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion"
ON_FARGATE = frozenset({"FARGATE", "FARGATE_SPOT"})
INCLUDED_GIB = 20
"""Disk of a Fargate task that costs nothing (https://aws.amazon.com/fargate/pricing/)."""
UNITS_PER_VCPU, MIB_PER_GB = 1024, 1024
_SIZE = re.compile(r"(\d*\.?\d+)\s*(vCPU|GB)?", re.IGNORECASE)


def _vcpu_hours(service: str, usage: str) -> Meter:
    return listed(service, usage, "vCPU-Hours", "vCPU-hours", "hours", "Hours", "Hrs")


FARGATE = {
    "X86_64": (_vcpu_hours(ECS, "Fargate-vCPU-Hours:perCPU"), listed(ECS, "Fargate-GB-Hours", "GB-Hours", "Hours")),
    "ARM64": (
        _vcpu_hours(ECS, "Fargate-ARM-vCPU-Hours:perCPU"),
        listed(ECS, "Fargate-ARM-GB-Hours", "GB-Hours", "Hours"),
    ),
}
FARGATE_DISK = listed(ECS, "Fargate-EphemeralStorage-GB-Hours", "GB-Hours", "Hours")
APP_RUNNER_KEPT = listed(APP_RUNNER, "AppRunner-Provisioned-GB-hours", "GB-Hours", "Hours")
APP_RUNNER_VCPUS = _vcpu_hours(APP_RUNNER, "AppRunner-vCPU-hours")
APP_RUNNER_ACTIVE = listed(APP_RUNNER, "AppRunner-GB-hours", "GB-Hours", "Hours")


def service(view: View) -> Estimate:
    """Return the tasks of a service on Fargate; on instances it is free, because those are priced.

    Tasks on FARGATE_SPOT are reckoned at the price of FARGATE: their own is not in the price list, and lower.
    """
    if not _runs_on_fargate(view):
        return Estimate()
    definition = view.referred("taskDefinition", TASK_DEFINITION)
    if definition is None:
        message = "its task definition is not in the plan, so nobody knows how large a task is"
        raise UnpriceableError(message)
    if view.has("volumeConfiguration"):
        message = "volumeConfiguration gives each task a volume, and that is not priced here"
        raise UnpriceableError(message)
    count = view.number("desiredCount")
    most = max(count, *lifted(view, "ecs:service:DesiredCount"), Decimal(0))
    public = view.flag("networkConfiguration", "assignPublicIp", default=view.has("networkConfiguration"))
    addresses = (public_ipv4(count, most),) if public else ()
    return Estimate(components=(*_tasks(definition, count, most), *addresses))


def _runs_on_fargate(view: View) -> bool:
    """Return whether tasks run on Fargate; on what they run must be said: a cluster may have another default."""
    count = view.items("capacityProviderStrategies")
    if count:
        return any(_provider(view, index) in ON_FARGATE for index in range(count))
    kind = view.text("launchType")
    if kind in {"FARGATE", "EC2"}:
        return kind == "FARGATE"
    message = f"launchType is {kind[:60]!r}, and no price of it is built in"
    raise UnpriceableError(message)


def _provider(view: View, index: int) -> str:
    """Return the name of a capacity provider, empty for a new one of the plan, whose name is not known yet."""
    name, path = "capacityProviderStrategies", ("capacityProviderStrategies", index, "capacityProvider")
    try:
        return view.text(*path)
    except UnpriceableError:
        if view.has(*path) and view.all_referred(name, CAPACITY_PROVIDER):
            return ""
        raise


def _tasks(definition: View, count: Decimal, most: Decimal) -> tuple[Component, ...]:
    system = definition.text("runtimePlatform", "operatingSystemFamily", default="LINUX")
    architecture = definition.text("runtimePlatform", "cpuArchitecture", default="X86_64")
    if system != "LINUX" or architecture not in FARGATE:
        message = f"runtimePlatform is {system}, {architecture}, and no price of it is built in"
        raise UnpriceableError(message)
    vcpus, memory = FARGATE[architecture]
    each = ((vcpus, _vcpus(definition, "cpu")), (memory, _gigabytes(definition, "memory")))
    disk = max(definition.number("ephemeralStorage", "sizeInGib", default=INCLUDED_GIB) - INCLUDED_GIB, Decimal(0))
    return (
        *(all_month(f"Fargate {by.pricing_unit}", by, count * size, most * size) for by, size in each),
        *((all_month("Fargate disk beyond 20 GiB", FARGATE_DISK, count * disk, most * disk),) if disk else ()),
    )


def _vcpus(view: View, *path: str) -> Decimal:
    return _size(view, "vcpu", UNITS_PER_VCPU, *path)


def _gigabytes(view: View, *path: str) -> Decimal:
    return _size(view, "gb", MIB_PER_GB, *path)


def _size(view: View, unit: str, divisor: int, *path: str) -> Decimal:
    """Return a size in whole units: `512` is half of one, `.5 vCPU` too."""
    written = view.text(*path)
    found = _SIZE.fullmatch(written.strip())
    if found is None or (found[2] or unit).lower() != unit:
        message = f"{'.'.join(path)} is {written[:60]!r}, which is no size in {unit}"
        raise UnpriceableError(message)
    return Decimal(found[1]) if found[2] else Decimal(found[1]) / divisor


def capacity_provider(view: View) -> Estimate:
    """Return nothing where it stands for a group, whose instances are priced.

    Raises:
        UnpriceableError: ECS starts instances by itself, as many as its tasks need.
    """
    if view.has("autoScalingGroupProvider") and not view.has("managedInstancesProvider"):
        return Estimate()
    message = "managedInstancesProvider lets ECS start instances without a limit"
    raise UnpriceableError(message)


def app_runner(view: View) -> Estimate:
    """Return what is kept ready all month, and by use what requests add."""
    scaling = view.referred("autoScalingConfigurationArn", SCALING)
    if scaling is None and view.has("autoScalingConfigurationArn"):
        message = "its scaling configuration is not in the plan, so nobody knows how many instances are kept"
        raise UnpriceableError(message)
    kept = scaling.number("minSize", default=1) if scaling else Decimal(1)
    sized = view.has("instanceConfiguration")
    if sized:
        _vcpus(view, "instanceConfiguration", "cpu")
    memory = _gigabytes(view, "instanceConfiguration", "memory") if sized else Decimal(2)
    return Estimate(
        components=(
            all_month("memory that is kept ready", APP_RUNNER_KEPT, kept * memory),
            by_use("vCPUs of active instances", APP_RUNNER_VCPUS),
            by_use("memory of active instances", APP_RUNNER_ACTIVE),
        )
    )


RUNS_NODES = frozenset({CAPACITY_PROVIDER})
PRICED = {
    SERVICE: service,
    CAPACITY_PROVIDER: capacity_provider,
    "aws:apprunner/service:Service": app_runner,
    "aws:ecr/repository:Repository": only_by_use(by_use("images kept", meter("AmazonECR", "TimedStorage-ByteHrs"))),
}
