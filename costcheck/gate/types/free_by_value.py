"""Types that are free or not by what they say: add-ons of EKS, parameters, scaling policies."""

from costcheck.gate.estimate import Estimate
from costcheck.gate.view import UnpriceableError, View

SCALING_POLICY = "aws:autoscaling/policy:Policy"
FREE_ADDONS = frozenset(
    {
        "aws-ebs-csi-driver",
        "aws-efs-csi-driver",
        "aws-mountpoint-s3-csi-driver",
        "coredns",
        "eks-node-monitoring-agent",
        "eks-pod-identity-agent",
        "kube-proxy",
        "snapshot-controller",
        "vpc-cni",
    }
)
"""Add-ons of AWS that only run on nodes
(https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html, read 2026-11-26).
Others send logs, metrics or events to services that charge for them, or are sold in the Marketplace."""


def addon(view: View) -> Estimate:
    """Return nothing for an add-on that only runs on nodes.

    Raises:
        UnpriceableError: It is another one, which may feed a service that charges, or be sold by somebody.
    """
    name = view.text("addonName")
    if name in FREE_ADDONS:
        return Estimate()
    message = f"nothing says what the add-on {name} costs: others feed services that charge, or have a seller"
    raise UnpriceableError(message)


def parameter(view: View) -> Estimate:
    """Return nothing for a standard parameter.

    Raises:
        UnpriceableError: It is an advanced one, or leaves that to the account.
    """
    tier = view.text("tier")
    if tier == "Standard":
        return Estimate()
    message = f"tier is {tier!r}: only parameters of the tier Standard are free, and no price of others is built in"
    raise UnpriceableError(message)


def scaling_policy(view: View) -> Estimate:
    """Return nothing for a policy that stays within the limits of its group, which is priced."""
    return _within_limits(view, "predictiveScalingConfiguration")


def application_scaling_policy(view: View) -> Estimate:
    """Return nothing for a policy that stays within the limits of its target, which is priced."""
    return _within_limits(view, "predictiveScalingPolicyConfiguration")


def _within_limits(view: View, forecast: str) -> Estimate:
    """Return nothing.

    Raises:
        UnpriceableError: A forecast may raise the limit.
    """
    breach = view.text(forecast, "maxCapacityBreachBehavior", default="HonorMaxCapacity")
    if breach != "HonorMaxCapacity":
        message = f"{forecast}.maxCapacityBreachBehavior is {breach!r}: a forecast may start more than the limit"
        raise UnpriceableError(message)
    return Estimate()


RUNS_NODES = frozenset({SCALING_POLICY})
PRICED = {
    "aws:eks/addon:Addon": addon,
    "aws:ssm/parameter:Parameter": parameter,
    SCALING_POLICY: scaling_policy,
    "aws:appautoscaling/policy:Policy": application_scaling_policy,
}
