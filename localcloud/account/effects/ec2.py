"""VPCs bring a security group along, subnets lie inside them, launch templates count their versions."""

import ipaddress

from localcloud.account import instance_types
from localcloud.account.effects.base import Effect
from localcloud.account.errors import ApiError
from localcloud.account.making import make
from localcloud.account.references import find
from localcloud.account.store import Resource, State, Tree
from localcloud.paths import Home

_VPC, _GROUP = "aws:ec2/vpc:Vpc", "aws:ec2/securityGroup:SecurityGroup"


def owned_by(state: State, owner: str) -> list[Resource]:
    """The side effects of this owner."""
    return [each for each in state if each.made_by == owner]


class VpcEffect(Effect):
    """A VPC has a default security group from its first moment to its last."""

    def made(self, state: State, home: Home, resource: Resource) -> None:  # noqa: ARG002
        """Makes the default group."""
        inputs = {"name": "default", "vpcId": resource.id, "description": "default VPC security group"}
        make(state, _GROUP, inputs, made_by=resource.id, resource_id=resource.outputs["defaultSecurityGroupId"])

    def removed(self, state: State, resource: Resource) -> None:
        """Takes the default group away."""
        for each in owned_by(state, resource.id):
            state.remove(each)


class DefaultSecurityGroupEffect(Effect):
    """The program takes charge of the group that the VPC brought along; deleting it only gives it back."""

    def own_id(self, state: State, inputs: Tree) -> str:
        """The id of the VPC's default group."""
        vpc = find(state, _VPC, inputs["vpcId"])
        return str(vpc.outputs["defaultSecurityGroupId"]) if vpc else ""


class SubnetEffect(Effect):
    """A subnet lies in its VPC, in a zone that exists, beside all other subnets."""

    def check(self, state: State, inputs: Tree) -> None:
        """Refuses an unknown zone, and a range that is outside the VPC or taken."""
        zone, region = inputs.get("availabilityZone"), state.settings.region
        if zone and zone not in instance_types.zones(region):
            known = ", ".join(instance_types.zones(region))
            msg = "InvalidParameterValue"
            raise ApiError(msg, f"Value ({zone}) for availabilityZone is invalid; zones: {known}")
        vpc = find(state, _VPC, inputs["vpcId"])
        if vpc is not None and "cidrBlock" in inputs:
            block = _network(inputs["cidrBlock"])
            if not block.subnet_of(_network(vpc.inputs["cidrBlock"])):
                msg = "InvalidSubnet.Range"
                raise ApiError(msg, f"The CIDR '{block}' is invalid: not in {vpc.inputs['cidrBlock']}")
            _check_free(state, vpc, block)


def _network(cidr: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(cidr)
    except ValueError as error:
        msg = "InvalidParameterValue"
        raise ApiError(msg, f"Value ({cidr}) is not a valid CIDR block: {error}") from error


def _check_free(state: State, vpc: Resource, block: ipaddress.IPv4Network) -> None:
    for each in state.of_type("aws:ec2/subnet:Subnet"):
        if each.inputs["vpcId"] == vpc.id and block.overlaps(_network(each.inputs["cidrBlock"])):
            msg = "InvalidSubnet.Conflict"
            raise ApiError(msg, f"The CIDR '{block}' conflicts with another subnet, {each.id}")


class LaunchTemplateEffect(Effect):
    """Every change of a launch template is a new version."""

    def unsure_outputs(self, old: Resource, inputs: Tree) -> frozenset[str]:
        """The version is new unless only tags of the template itself changed."""
        same = {**old.inputs, "tags": None} == {**inputs, "tags": None}
        return frozenset() if same else frozenset({"latestVersion", "defaultVersion"})

    def changed(self, state: State, old: Resource, new: Resource) -> None:
        """Counts one up; the default follows when the program wants that."""
        if self.unsure_outputs(old, new.inputs):
            version = int(old.outputs["latestVersion"]) + 1
            follows = new.inputs.get("updateDefaultVersion", False)
            default = version if follows else old.outputs["defaultVersion"]
            state.set_outputs(new, latestVersion=version, defaultVersion=default)
