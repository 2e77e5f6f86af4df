"""Answers the lookups of `pulumi_aws`, from the account and from recorded answers of EC2."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localcloud.account import instance_types, quotas
from localcloud.account.errors import ApiError
from localcloud.account.identities import principal_of, session_name
from localcloud.account.references import find
from localcloud.account.store import Resource, State, Tree

_CLUSTER, _SUBNET, _VPC = "aws:eks/cluster:Cluster", "aws:ec2/subnet:Subnet", "aws:ec2/vpc:Vpc"


def answer(state: State, token: str, args: Tree) -> Tree:
    """The result of the lookup.

    Raises:
        ApiError: The lookup is unknown here, or finds nothing where the real one fails.
    """
    lookup = _LOOKUPS.get(token)
    if lookup is None:
        msg = "UnknownFunction"
        raise ApiError(msg, f"{token} is not a function that localcloud's aws provider knows")
    return {"region": state.settings.region, **lookup(state, args)}


def _caller_identity(state: State, args: Tree) -> Tree:  # noqa: ARG001
    arn = state.settings.caller_arn
    return {
        "accountId": state.settings.account_id,
        "arn": arn,
        "id": state.settings.account_id,
        "userId": f"AROALOCAL:{session_name(arn)}",
    }


def _session_context(state: State, args: Tree) -> Tree:  # noqa: ARG001
    arn = args["arn"]
    role = principal_of(arn)
    return {
        "arn": arn,
        "id": arn,
        "issuerArn": role,
        "issuerId": "AROALOCAL" if role != arn else "",
        "issuerName": role.rpartition("/")[2] if role != arn else "",
        "sessionName": session_name(arn),
    }


def _partition(state: State, args: Tree) -> Tree:  # noqa: ARG001
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def _region(state: State, args: Tree) -> Tree:
    name = args.get("region") or args.get("name") or state.settings.region
    return {"id": name, "name": name, "region": name, "endpoint": f"ec2.{name}.amazonaws.com", "description": name}


def _availability_zones(state: State, args: Tree) -> Tree:
    region = args.get("region") or state.settings.region
    ids = instance_types.zone_ids(region)
    excluded = {*(args.get("excludeNames") or []), *(args.get("excludeZoneIds") or [])}
    _check_filters(args, {"opt-in-status", "zone-type", "region-name", "zone-name", "zone-id"})
    names = [name for name in instance_types.zones(region) if not {name, ids[name]} & excluded]
    names = [name for name in names if _zone_passes(args, name, ids[name])]
    return {"id": region, "names": names, "zoneIds": [ids[name] for name in names], "groupNames": [region]}


def _zone_passes(args: Tree, name: str, zone_id: str) -> bool:
    facts = {
        "opt-in-status": "opt-in-not-required",
        "zone-type": "availability-zone",
        "zone-name": name,
        "zone-id": zone_id,
    }
    wanted = _filters(args)
    return all(facts[key] in values for key, values in wanted.items() if key in facts)


def _filters(args: Tree) -> dict[str, Sequence[str]]:
    return {each["name"]: each["values"] for each in args.get("filters") or []}


def _check_filters(args: Tree, known: set[str]) -> None:
    unknown = sorted(_filters(args).keys() - known)
    if unknown:
        msg = "InvalidParameterValue"
        raise ApiError(msg, f"localcloud does not know the filters {unknown}, only {sorted(known)}")


def _instance_type(state: State, args: Tree) -> Tree:  # noqa: ARG001
    name = args["instanceType"]
    found = instance_types.instance_types().get(name)
    if found is None:
        msg = "InvalidInstanceType"
        raise ApiError(msg, f"The following supplied instance types do not exist: [{name}]")
    devices = found.get("GpuInfo", {}).get("Gpus", [])
    gpus = [
        {
            "name": each["Name"],
            "manufacturer": each["Manufacturer"],
            "count": each["Count"],
            "memorySize": each["MemoryInfo"]["SizeInMiB"],
        }
        for each in devices
    ]
    storage = found.get("InstanceStorageInfo", {})
    return {
        "id": name,
        "instanceType": name,
        "defaultVcpus": instance_types.vcpus(name),
        "memorySize": instance_types.memory_mib(name),
        "gpuses": gpus,
        "totalGpuMemory": found.get("GpuInfo", {}).get("TotalGpuMemoryInMiB", 0),
        "currentGeneration": found["CurrentGeneration"],
        "bareMetal": found["BareMetal"],
        "instanceStorageSupported": found["InstanceStorageSupported"],
        "totalInstanceStorage": storage.get("TotalSizeInGB", 0),
        "supportedArchitectures": found["ProcessorInfo"]["SupportedArchitectures"],
        "supportedUsagesClasses": found["SupportedUsageClasses"],
        "maximumNetworkInterfaces": found["NetworkInfo"]["MaximumNetworkInterfaces"],
        "maximumIpv4AddressesPerInterface": found["NetworkInfo"]["Ipv4AddressesPerInterface"],
    }


def _instance_types(state: State, args: Tree) -> Tree:
    _check_filters(args, {"instance-type"})
    wanted = set(_filters(args).get("instance-type", instance_types.instance_types()))
    found = sorted(wanted & instance_types.instance_types().keys())
    return {"id": state.settings.region, "instanceTypes": found}


def _instance_type_offerings(state: State, args: Tree) -> Tree:
    _check_filters(args, {"instance-type", "location"})
    region = args.get("region") or state.settings.region
    location_type = args.get("locationType") or "region"
    rows = (
        sorted({(name, region) for name, _ in instance_types.offerings(region)})
        if location_type == "region"
        else instance_types.offerings(region, location_type)
    )
    wanted = _filters(args)
    found = [
        (name, location)
        for name, location in rows
        if name in wanted.get("instance-type", [name]) and location in wanted.get("location", [location])
    ]
    return {
        "id": region,
        "instanceTypes": [name for name, _ in found],
        "locations": [location for _, location in found],
        "locationTypes": [location_type for _ in found],
        "locationType": location_type,
    }


def _service_quota(state: State, args: Tree) -> Tree:
    code = args.get("quotaCode")
    found = quotas.limit(state, code) if code and args["serviceCode"] == "ec2" else None
    if code is None or found is None:
        message = f"The request failed because the specified quota does not exist: {args['serviceCode']} {code}"
        msg = "NoSuchResourceException"
        raise ApiError(msg, message)
    arn = f"arn:aws:servicequotas:{state.settings.region}:{state.settings.account_id}:ec2/{code}"
    return {
        "id": arn,
        "arn": arn,
        "quotaCode": code,
        "quotaName": quotas.NAMES.get(code, code),
        "serviceCode": "ec2",
        "serviceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
        "value": found,
        "defaultValue": quotas.DEFAULTS.get(code, found),
        "adjustable": True,
        "globalQuota": False,
        "usageMetrics": [],
    }


def _vpc(state: State, args: Tree) -> Tree:
    found = _one(state, _VPC, args["id"])
    return {**found.outputs, "id": found.id, "state": "available", "tags": found.tags}


def _subnet(state: State, args: Tree) -> Tree:
    found = _one(state, _SUBNET, args["id"])
    ids = instance_types.zone_ids(state.settings.region)
    zone_id = ids.get(found.inputs.get("availabilityZone", ""), "")
    return {**found.outputs, "id": found.id, "availabilityZoneId": zone_id, "state": "available", "tags": found.tags}


def _subnets(state: State, args: Tree) -> Tree:
    _check_filters(args, {"vpc-id", "subnet-id", "availability-zone"})
    wanted = _filters(args)
    fields = {"vpc-id": "vpcId", "availability-zone": "availabilityZone"}
    found = [
        each.id
        for each in state.of_type(_SUBNET)
        if each.id in wanted.get("subnet-id", [each.id])
        and all(each.inputs.get(fields[key]) in values for key, values in wanted.items() if key in fields)
    ]
    return {"id": state.settings.region, "ids": found}


def _cluster(state: State, args: Tree) -> Tree:
    found = _one(state, _CLUSTER, args["name"])
    outputs = found.outputs
    return {
        **outputs,
        "id": found.id,
        "certificateAuthorities": [outputs["certificateAuthority"]],
        "vpcConfig": {"publicAccessCidrs": [], "securityGroupIds": [], **outputs["vpcConfig"]},
        "accessConfigs": [outputs.get("accessConfig", {})],
        "tags": found.tags,
    }


def _one(state: State, token: str, name: str) -> Resource:
    found = find(state, token, name)
    if found is None:
        msg = "ResourceNotFoundException"
        raise ApiError(msg, f"No {token.rsplit(':', 1)[1]} found for name: {name}.")
    return found


_LOOKUPS: Mapping[str, Callable[[State, Tree], dict[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:iam/getSessionContext:getSessionContext": _session_context,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:ec2/getInstanceType:getInstanceType": _instance_type,
    "aws:ec2/getInstanceTypes:getInstanceTypes": _instance_types,
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": _instance_type_offerings,
    "aws:servicequotas/getServiceQuota:getServiceQuota": _service_quota,
    "aws:ec2/getVpc:getVpc": _vpc,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:ec2/getSubnets:getSubnets": _subnets,
    "aws:eks/getCluster:getCluster": _cluster,
}
