"""A cluster: the real control plane of this machine behind it, and what EKS makes beside it in the account."""

import base64
import re
from pathlib import Path
from typing import Any

import yaml

from localcloud.account import instance_types
from localcloud.account.effects.base import Effect
from localcloud.account.effects.ec2 import owned_by
from localcloud.account.effects.eks_access import ASSOCIATION, ENTRY
from localcloud.account.errors import ApiError
from localcloud.account.furniture import furnish
from localcloud.account.instances import INSTANCE, INTERFACE, free_address, terminate
from localcloud.account.making import make
from localcloud.account.references import find
from localcloud.account.store import Resource, State, Tree
from localcloud.paths import Home
from localcloud.standins.values import UNKNOWN

CLUSTER = "aws:eks/cluster:Cluster"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
_GROUP, _SUBNET = "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/subnet:Subnet"

_ZONES_AT_LEAST = 2  # https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html, 2026-11-26
_ZONE_IDS_WITHOUT_EKS = frozenset({"use1-az3", "usw1-az2", "cac1-az3"})  # the same page


class ClusterEffect(Effect):
    """EKS adds a security group, network interfaces and a log group."""

    def check(self, state: State, inputs: Tree) -> None:
        """Refuses versions that are none, and subnets in fewer than two zones."""
        version = inputs.get("version")
        if version and not re.fullmatch(r"1\.\d{2}", version):
            msg = "InvalidParameterException"
            raise ApiError(msg, f"unsupported Kubernetes version {version}")
        names = inputs["vpcConfig"]["subnetIds"]
        zones = {each.inputs["availabilityZone"] for name in names if (each := find(state, _SUBNET, name))}
        if len(zones) < _ZONES_AT_LEAST:
            message = "Subnets specified must be in at least two different AZs"
            msg = "InvalidParameterException"
            raise ApiError(msg, message)
        ids = instance_types.zone_ids(state.settings.region)
        without = sorted(zone for zone in zones if ids.get(zone) in _ZONE_IDS_WITHOUT_EKS)
        if without:
            message = f"Cannot create cluster '{inputs['name']}': EKS does not run in {', '.join(without)}"
            msg = "UnsupportedAvailabilityZoneException"
            raise ApiError(msg, message)

    def check_change(self, state: State, old: Resource, inputs: Tree) -> None:  # noqa: ARG002
        """Refuses to go back, and to go up more than one minor version at a time."""
        before, after = old.inputs.get("version"), inputs.get("version")
        if before and after and _minor(after) - _minor(before) not in (0, 1):
            message = f"Unsupported Kubernetes minor version update from {before} to {after}"
            msg = "InvalidParameterException"
            raise ApiError(msg, message)

    def unsure_outputs(self, old: Resource, inputs: Tree) -> frozenset[str]:
        """A new version brings a new platform version."""
        return frozenset() if old.inputs.get("version") == inputs.get("version") else frozenset({"platformVersion"})

    def unknown_parts(self, inputs: Tree) -> Tree:
        """What EKS adds inside an input."""
        added = {"clusterSecurityGroupId": UNKNOWN, "vpcId": UNKNOWN}
        return {"vpcConfig": {**inputs["vpcConfig"], **added}}

    def made(self, state: State, home: Home, resource: Resource) -> None:
        """Makes what EKS makes, and names the control plane of this machine as the endpoint."""
        subnets = [
            each
            for name in resource.inputs["vpcConfig"]["subnetIds"]
            if (each := find(state, _SUBNET, name)) is not None
        ]
        group = _make_security_group(state, resource, vpc=subnets[0].inputs["vpcId"])
        for subnet in _control_plane_subnets(subnets):
            _make_interface(state, resource, subnet, group)
        added = {"clusterSecurityGroupId": group.id, "vpcId": subnets[0].inputs["vpcId"]}
        plane = control_plane(home.kubeconfig)
        cluster = state.set_outputs(resource, vpcConfig=_vpc_config(resource.inputs, added), **plane)
        ensure_log_group(state, cluster)

    def changed(self, state: State, old: Resource, new: Resource) -> None:
        """Keeps what EKS added inside the inputs."""
        kept = {name: old.outputs["vpcConfig"][name] for name in ("clusterSecurityGroupId", "vpcId")}
        state.set_outputs(new, vpcConfig=_vpc_config(new.inputs, kept))

    def removed(self, state: State, resource: Resource) -> None:
        """Takes away what EKS made for itself; what controllers made for workloads stays, as in a real account."""
        if resource.inputs.get("deletionProtection"):
            message = "Cluster has deletion protection enabled. Disable it before you delete the cluster."
            msg = "InvalidRequestException"
            raise ApiError(msg, f"{message} ({resource.id})")
        for each in state.of_type(ENTRY, ASSOCIATION):
            if each.inputs["clusterName"] == resource.id:
                state.remove(each)
        for each in state.of_type(INSTANCE):
            if each.inputs["cluster"] == resource.id:
                terminate(state, each)
        for each in owned_by(state, resource.id):
            if each.type != LOG_GROUP:
                state.remove(each)

    def settle(self, home: Home, resource: Resource) -> None:  # noqa: ARG002
        """Gives the control plane what EKS would have put into it."""
        furnish(home)


def _vpc_config(inputs: Tree, added: Tree) -> Tree:
    """The cluster's network settings as EKS reports them."""
    return {"publicAccessCidrs": ["0.0.0.0/0"], **inputs["vpcConfig"], **added}


def _minor(version: str) -> int:
    return int(version.partition(".")[2])


def _control_plane_subnets(subnets: list[Resource]) -> list[Resource]:
    """One subnet in each of the first two zones; EKS places two to four interfaces."""
    by_zone = {each.inputs["availabilityZone"]: each for each in reversed(subnets)}
    return [by_zone[zone] for zone in sorted(by_zone)][:_ZONES_AT_LEAST]


def _make_security_group(state: State, cluster: Resource, *, vpc: str) -> Resource:
    name = f"eks-cluster-sg-{cluster.id}"
    tags = {"Name": name, f"kubernetes.io/cluster/{cluster.id}": "owned", "aws:eks:cluster-name": cluster.id}
    description = "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes"
    inputs = {"name": name, "vpcId": vpc, "description": description, "tags": tags}
    return make(state, _GROUP, inputs, made_by=cluster.id)


def _make_interface(state: State, cluster: Resource, subnet: Resource, group: Resource) -> None:
    inputs = {
        "subnetId": subnet.id,
        "securityGroups": [group.id],
        "privateIp": free_address(state, subnet),
        "description": f"Amazon EKS {cluster.id}",
        "requester": "eks",
    }
    make(state, INTERFACE, inputs, made_by=cluster.id)


def ensure_log_group(state: State, cluster: Resource) -> None:
    """Makes the control plane's log group unless it is there: EKS writes to it for as long as the cluster lives."""
    name = f"/aws/eks/{cluster.id}/cluster"
    if cluster.inputs.get("enabledClusterLogTypes") and state.get(LOG_GROUP, name) is None:
        make(state, LOG_GROUP, {"name": name}, made_by=cluster.id)


def control_plane(kubeconfig: Path) -> dict[str, Any]:
    """Endpoint and certificate authority of this machine's control plane; nothing when none is set up.

    Without one a cluster is only a record, with an endpoint that cannot exist.
    """
    if not kubeconfig.exists():
        return {}
    cluster = yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]
    data = cluster.get("certificate-authority-data")
    if data is None:
        data = base64.b64encode(Path(cluster["certificate-authority"]).read_bytes()).decode()
    return {"endpoint": cluster["server"], "certificateAuthority": {"data": data}}
