"""Rules of the VPC."""

from infra.rules.base import Inputs, at, rule


@rule("nothing-gets-a-public-address", "aws:ec2/subnet:Subnet")
def nothing_gets_a_public_address(inputs: Inputs) -> bool:
    """Wrong where instances would get public addresses."""
    return not at(inputs, "mapPublicIpOnLaunch")


@rule("default-security-group-is-empty", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
def default_security_group_is_empty(inputs: Inputs) -> bool:
    """Wrong where the default security group allows traffic."""
    return at(inputs, "ingress") == [] and at(inputs, "egress") == []


@rule("all-flows-are-logged", "aws:ec2/flowLog:FlowLog")
def all_flows_are_logged(inputs: Inputs) -> bool:
    """Wrong where only some of the flows are logged."""
    return at(inputs, "trafficType") == "ALL"


RULES = (nothing_gets_a_public_address, default_security_group_is_empty, all_flows_are_logged)
