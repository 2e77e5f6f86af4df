"""SageMaker: endpoints, notebooks, Studio; its instances are nodes under their own names, such as `ml.g5.xlarge`.

Attributes (`instanceName`, `volumeType`) as in https://github.com/awslabs/llmeter; usage types as quoted in public
repositories from the price list AmazonSageMaker (both read 2026-11-26). Bytes into and out of endpoints are charged
too, but the attributes that find their price are not known here.
"""

from decimal import Decimal

from costcheck.gate.accelerators import names_accelerator
from costcheck.gate.estimate import Component, Estimate, Nodes, PurchaseOption
from costcheck.gate.types.application_scaling import lifted
from costcheck.gate.types.instances import launched
from costcheck.gate.types.lines import ONE, all_month, by_use, listed, monthly
from costcheck.gate.types.storage import EFS_STORAGE
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter

SAGEMAKER = "AmazonSageMaker"
ENDPOINT, CONFIGURATION = (
    "aws:sagemaker/endpoint:Endpoint",
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
)
NOTEBOOK, APP = "aws:sagemaker/notebookInstance:NotebookInstance", "aws:sagemaker/app:App"
DOMAIN, PROFILE = "aws:sagemaker/domain:Domain", "aws:sagemaker/userProfile:UserProfile"
VARIANTS = ("productionVariants", "shadowProductionVariants")
HOSTING_DISK = listed(SAGEMAKER, "Host:VolumeUsage.gp2", "GB-Months", volumeType="General Purpose-Hosting")
NOTEBOOK_DISK = listed(SAGEMAKER, "Notebk:VolumeUsage.gp2", "GB-Months", productFamily="Storage")
NOTEBOOK_GB = 5
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateNotebookInstance.html (VolumeSizeInGB)"""
MIB_PER_GB = 1024
Path = tuple[str | int, ...]


def _instance_meter(usage: str, instance_type: str) -> Meter:
    return listed(SAGEMAKER, f"{usage}:{instance_type}", "Hours", instanceName=instance_type)


def _nodes(instance_type: str, count: Decimal, maximum: Decimal) -> Nodes:
    """Return instances that a component charges for, because EC2's price of the type is another one."""
    return Nodes(
        instance_types=(instance_type,),
        purchase_option=PurchaseOption.ON_DEMAND,
        desired=count,
        maximum=max(count, maximum),
        alternative=True,
    )


def endpoint(view: View) -> Estimate:
    """Return the instances of an endpoint, at most as many as scaling may start."""
    configuration = view.referred("endpointConfigName", CONFIGURATION)
    if configuration is None:
        message = "its configuration is not in the plan, so nobody knows its instances"
        raise UnpriceableError(message)
    return _variants(configuration, lifted(view, "sagemaker:variant:DesiredInstanceCount"))


def endpoint_configuration(view: View) -> Estimate:
    """Return nothing where its endpoint is in the plan; otherwise what an endpoint elsewhere would run by it."""
    return Estimate() if view.dependents(ENDPOINT) else _variants(view, ())


def _variants(view: View, limits: tuple[Decimal, ...]) -> Estimate:
    found = [_variant(view, (name, index), limits) for name in VARIANTS for index in range(view.items(name))]
    if not found:
        message = f"{VARIANTS[0]} is not in the plan, so nobody knows its instances"
        raise UnpriceableError(message)
    return Estimate(
        nodes=tuple(nodes for part in found for nodes in part.nodes),
        components=tuple(component for part in found for component in part.components),
        unpriced="; ".join(part.unpriced for part in found if part.unpriced),
    )


def _variant(view: View, path: Path, limits: tuple[Decimal, ...]) -> Estimate:
    if view.has(*path, "serverlessConfig"):
        return _serverless(view, (*path, "serverlessConfig"))
    instance_type, count = view.text(*path, "instanceType"), view.number(*path, "initialInstanceCount")
    managed = (*path, "managedInstanceScaling")
    own = (view.number(*managed, "maxInstanceCount"),) if view.has(*managed) else ()
    nodes = _nodes(instance_type, count, max((count, *own, *limits)))
    return launched((nodes,), lambda: _hosted(view, path, nodes))


def _hosted(view: View, path: Path, nodes: Nodes) -> tuple[Component, ...]:
    for name in ("acceleratorType", "capacityReservationConfig"):
        if view.has(*path, name):
            message = f"{path[0]}.{name} has a price that is not built in"
            raise UnpriceableError(message)
    instance_type = nodes.instance_types[0]
    by = _instance_meter("Host", instance_type)
    hours = all_month(f"{instance_type} of the endpoint", by, nodes.desired, nodes.maximum)
    if _has_own_disks(view, instance_type):
        return (hours,)
    each, most = view.number(*path, "volumeSizeInGb"), nodes.maximum or nodes.desired
    return hours, monthly("volume of each instance", HOSTING_DISK, each * nodes.desired, each * most)


def _has_own_disks(view: View, instance_type: str) -> bool:
    """Return whether the type has disks of its own, as EC2's type of the same name: it then gets no volume.

    https://docs.aws.amazon.com/sagemaker/latest/dg/host-instance-storage.html
    """
    twin = view.side.instances.get(instance_type.removeprefix("ml."))
    return twin is not None and twin.instance_storage_gb > 0


def _serverless(view: View, path: Path) -> Estimate:
    if view.has(*path, "provisionedConcurrency"):
        message = f"{path[0]}.serverlessConfig.provisionedConcurrency has a price that is not built in"
        raise UnpriceableError(message)
    gigabytes = int(view.number(*path, "memorySizeInMb")) // MIB_PER_GB
    by = listed(
        SAGEMAKER, f"ServerlessInf:Mem-{gigabytes}GB", "Seconds", "seconds", "Second", productFamily="ML Serverless"
    )
    return Estimate(components=(by_use("seconds of inference", by),))


def notebook(view: View) -> Estimate:
    """Return a notebook that runs all month, and its volume."""
    nodes = _nodes(view.text("instanceType"), ONE, ONE)
    return launched((nodes,), lambda: _notebook(view, nodes.instance_types[0]))


def _notebook(view: View, instance_type: str) -> tuple[Component, ...]:
    hours = all_month(f"notebook on {instance_type}", _instance_meter("Notebk", instance_type))
    return hours, monthly("volume of the notebook", NOTEBOOK_DISK, view.number("volumeSize", default=NOTEBOOK_GB))


def app(view: View) -> Estimate:
    """Return the instance of an app in Studio, whose price is not built in.

    Raises:
        UnpriceableError: Its type is the domain's choice.
    """
    nodes = _nodes(view.text("resourceSpec", "instanceType"), ONE, ONE)
    return Estimate(nodes=(nodes,), unpriced="no price of apps in SageMaker Studio is built in")


def domain(view: View) -> Estimate:
    """Return the file system of a domain, by use; people who open apps in it start instances that no plan shows.

    Raises:
        UnpriceableError: Accelerators are what its apps run on unless somebody says otherwise.
    """
    user_profile(view)
    return Estimate(components=(by_use("home directories", EFS_STORAGE),))


def user_profile(view: View) -> Estimate:
    """Return nothing where apps do not run on accelerators by default.

    Raises:
        UnpriceableError: They do, as many as people open.
    """
    if names_accelerator(view.resource.inputs):
        message = "apps run on accelerators by default, as many as people open"
        raise UnpriceableError(message)
    return Estimate()


RUNS_NODES = frozenset({ENDPOINT, CONFIGURATION, NOTEBOOK, APP, DOMAIN, PROFILE})
PRICED = {
    ENDPOINT: endpoint,
    CONFIGURATION: endpoint_configuration,
    NOTEBOOK: notebook,
    APP: app,
    DOMAIN: domain,
    PROFILE: user_profile,
}
