"""Instances, volumes and groups of instances priced by hand."""

from costcheck.plan.records import UNKNOWN, Resource
from tests.costcheck.gate.types.registry import Case, Json, resource

INSTANCE, TEMPLATE = "aws:ec2/instance:Instance", "aws:ec2/launchTemplate:LaunchTemplate"
CONFIGURATION, GROUP = "aws:ec2/launchConfiguration:LaunchConfiguration", "aws:autoscaling/group:Group"
SCHEDULE, VOLUME = "aws:autoscaling/schedule:Schedule", "aws:ebs/volume:Volume"
RESERVATION, HOST = "aws:ec2/capacityReservation:CapacityReservation", "aws:ec2/dedicatedHost:DedicatedHost"
FLEET, SPOT_FLEET = "aws:ec2/fleet:Fleet", "aws:ec2/spotFleetRequest:SpotFleetRequest"
NODE_GROUP, SUBNET = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/subnet:Subnet"
GP3 = {"volumeType": "gp3", "volumeSize": 50, "iops": 3000, "throughput": 125}
HOUR = {"AmazonEC2/BoxUsage:m6i.large": "0.1", "AmazonEC2/EBS:VolumeUsage.gp3": "0.08"}


def template(name: str = "of", **changes: Json) -> Resource:
    disks = [{"deviceName": "/dev/xvda", "ebs": GP3}]
    return resource(TEMPLATE, name, **({"instanceType": "m6i.large", "blockDeviceMappings": disks} | changes))


def group(used: Resource, property_name: str = "launchTemplate", **changes: Json) -> Resource:
    sizes = {"minSize": 1, "desiredCapacity": 2, "maxSize": 4}
    return resource(GROUP, "web", uses={property_name: used}, **(sizes | changes))


def node_group(used: Resource | None = None, **changes: Json) -> Resource:
    inputs = {
        "instanceTypes": ["m6i.large"],
        "capacityType": "ON_DEMAND",
        "scalingConfig": {"minSize": 0, "desiredSize": 2, "maxSize": 4},
    }
    return resource(NODE_GROUP, "pool", uses={"launchTemplate": used} if used else None, **(inputs | changes))


def schedule(of: Resource, most: int, **changes: Json) -> Resource:
    return resource(SCHEDULE, uses={"autoscalingGroupName": of}, maxSize=most, **changes)


OF, WEB = template(), group(template())
OLD = resource(CONFIGURATION, instanceType="m6i.large", imageId="ami-1", enableMonitoring=False, rootBlockDevice=GP3)
FLEET_INPUTS: Json = {
    "targetCapacitySpecification": {"defaultTargetCapacityType": "on-demand", "totalTargetCapacity": 3},
    "launchTemplateConfigs": [
        {
            "launchTemplateSpecification": {"launchTemplateId": UNKNOWN, "version": "1"},
            "overrides": [{"instanceType": "m6i.large"}],
        }
    ],
}


def volume(kind: str, gib: int = 100, **more: Json) -> Resource:
    return resource(VOLUME, type=kind, size=gib, **more)


VOLUMES = (
    # 100 GiB x 0.08 + (4000 - 3000) IOPS x 0.005 + (225 - 125) MiB/s x 0.04
    Case(
        resource=volume("gp3", iops=4000, throughput=225),
        prices={
            "AmazonEC2/EBS:VolumeUsage.gp3": "0.08",
            "AmazonEC2/EBS:VolumeP-IOPS.gp3": "0.005",
            "AmazonEC2/EBS:VolumeP-Throughput.gp3": "0.04",
        },
        desired_usd="17",
        sets_price=(("type",), ("size",), ("iops",), ("throughput",)),
    ),
    Case(resource=volume("gp2"), prices={"AmazonEC2/EBS:VolumeUsage.gp2": "0.1"}, desired_usd="10"),
    # 100 GiB x 0.125 + 2000 IOPS x 0.065
    Case(
        resource=volume("io1", iops=2000),
        prices={"AmazonEC2/EBS:VolumeUsage.piops": "0.125", "AmazonEC2/EBS:VolumeP-IOPS.piops": "0.065"},
        desired_usd="142.5",
        sets_price=(("iops",),),
    ),
    # 100 GiB x 0.125 + 32,000 IOPS x 0.065 + 32,000 x 0.0455 + 6,000 x 0.03
    Case(
        resource=volume("io2", iops=70_000),
        prices={
            "AmazonEC2/EBS:VolumeUsage.io2": "0.125",
            "AmazonEC2/EBS:VolumeP-IOPS.io2": "0.065",
            "AmazonEC2/EBS:VolumeP-IOPS.io2.tier2": "0.0455",
            "AmazonEC2/EBS:VolumeP-IOPS.io2.tier3": "0.03",
        },
        desired_usd="3728.5",
        sets_price=(("iops",),),
    ),
    Case(resource=volume("st1", 500), prices={"AmazonEC2/EBS:VolumeUsage.st1": "0.045"}, desired_usd="22.5"),
    Case(resource=volume("sc1", 500), prices={"AmazonEC2/EBS:VolumeUsage.sc1": "0.015"}, desired_usd="7.5"),
    Case(
        resource=volume("standard"),
        prices={"AmazonEC2/EBS:VolumeUsage": "0.05", "AmazonEC2/EBS:VolumeIOUsage": "0.00000005"},
        desired_usd="5",
    ),
    *(
        Case(resource=resource(token), prices={"AmazonEC2/EBS:SnapshotUsage": "0.05"})
        for token in (
            "aws:ebs/snapshot:Snapshot",
            "aws:ebs/snapshotCopy:SnapshotCopy",
            "aws:ebs/snapshotImport:SnapshotImport",
            "aws:ec2/ami:Ami",
            "aws:ec2/amiCopy:AmiCopy",
            "aws:ec2/amiFromInstance:AmiFromInstance",
        )
    ),
    Case(
        resource=resource("aws:ebs/snapshot:Snapshot", storageTier="archive"),
        prices={"AmazonEC2/EBS:SnapshotArchiveStorage": "0.0125"},
        dearer_without=(("storageTier",),),
    ),
)
INSTANCES = (
    # 730 h x (0.1 + 0.005) + 50 GiB x 0.08 + 200 GiB x 0.08 + 7 metrics x 0.3
    Case(
        resource=resource(
            INSTANCE,
            instanceType="m6i.large",
            ami="ami-1",
            rootBlockDevice=GP3,
            ebsBlockDevices=[GP3 | {"volumeSize": 200}],
            associatePublicIpAddress=True,
            monitoring=True,
        ),
        prices=HOUR | {"AmazonVPC/PublicIPv4:InUseAddress": "0.005", "AmazonCloudWatch/CW:MetricMonitorUsage": "0.3"},
        desired_usd="98.75",
        sets_price=(
            ("instanceType",),
            ("rootBlockDevice", "volumeSize"),
            ("monitoring",),
            ("associatePublicIpAddress",),
        ),
    ),
    # 730 h x 2 x 0.1, whether they are used or not
    Case(
        resource=resource(RESERVATION, instanceType="m6i.large", instanceCount=2, instancePlatform="Linux/UNIX"),
        prices={"AmazonEC2/BoxUsage:m6i.large": "0.1"},
        desired_usd="146",
        sets_price=(("instanceType",), ("instanceCount",)),
    ),
    Case(
        resource=resource(HOST, instanceFamily="m6i", availabilityZone="us-east-1a"),
        prices={"AmazonEC2/HostUsage:m6i": "4"},
        desired_usd="2920",
        sets_price=(("instanceFamily",),),
    ),
    Case(
        resource=resource("aws:ec2/eip:Eip", domain="vpc"),
        prices={"AmazonVPC/PublicIPv4:InUseAddress": "0.005"},
        desired_usd="3.65",
    ),
)
GROUPS = (
    # 2 x (730 h x 0.1 + 50 GiB x 0.08), at most 6 by the schedule
    Case(
        resource=WEB,
        others=(OF, schedule(WEB, 6)),
        prices=HOUR,
        desired_usd="154",
        maximum_usd="462",
        sets_price=(("minSize",), ("desiredCapacity",), ("maxSize",)),
    ),
    Case(
        resource=group(OLD, "launchConfiguration"),
        others=(OLD,),
        prices=HOUR,
        desired_usd="154",
        maximum_usd="308",
        sets_price=(("maxSize",),),
    ),
    # 3 x (730 h x 0.1 + 50 GiB x 0.08)
    Case(
        resource=resource(FLEET, uses={"launchTemplateConfigs": OF}, **FLEET_INPUTS),
        others=(OF,),
        prices=HOUR,
        desired_usd="231",
        sets_price=(
            ("targetCapacitySpecification", "defaultTargetCapacityType"),
            ("targetCapacitySpecification", "totalTargetCapacity"),
            ("launchTemplateConfigs", 0, "overrides", 0, "instanceType"),
        ),
    ),
    Case(
        resource=node_group(OF),
        others=(OF,),
        prices=HOUR,
        desired_usd="154",
        maximum_usd="308",
        sets_price=(("capacityType",), ("scalingConfig", "maxSize"), ("instanceTypes", 0)),
    ),
    # 2 x (730 h x 0.1 + 80 GiB x 0.08) and up to 4
    Case(
        resource=node_group(diskSize=80),
        prices=HOUR,
        desired_usd="158.8",
        maximum_usd="317.6",
        sets_price=(("diskSize",),),
    ),
)
CASES = (*VOLUMES, *INSTANCES, *GROUPS)
