"""Load balancers that controllers make for Services and Ingresses."""

from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.types.lines import all_month, by_use
from costcheck.gate.types.load_balancing import CLASSIC_BYTES, CLASSIC_HOURS, METERS, NO_PUBLIC_IPV4, PUBLIC_IPV4
from costcheck.gate.view import UnpriceableError, View

SERVICE = "service.beta.kubernetes.io/aws-load-balancer-"
ALB = "alb.ingress.kubernetes.io/"
NLB_CLASSES = frozenset({"service.k8s.aws/nlb", "eks.amazonaws.com/nlb"})
NLB_TYPES = frozenset({"nlb", "nlb-ip", "external"})
"""https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/nlb/ (read 2026-11-26)."""
ALB_CONTROLLERS = frozenset({"ingress.k8s.aws/alb", "eks.amazonaws.com/alb"})
POD_CONTROLLERS = frozenset({"k8s.io/ingress-nginx", "traefik.io/ingress-controller"})
"""Controllers that serve an Ingress from pods; the Service before those pods is priced by itself."""
DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"

SUBNET, PUBLIC_SUBNET = "aws:ec2/subnet:Subnet", "kubernetes.io/role/elb"
"""Tag of subnets that public balancers are put into, one in each zone
(https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html, read 2026-11-26)."""


def service(view: View) -> Estimate:
    """Return the balancer before a Service of type LoadBalancer; any other Service is free.

    Without a class or a type, Kubernetes' own controller makes a Classic Load Balancer. Where the AWS Load Balancer
    Controller is installed, it may take the Service over and make a Network Load Balancer, whose hour is cheaper.
    """
    if view.text("spec", "type", default="ClusterIP") != "LoadBalancer":
        return Estimate()
    class_ = view.text("spec", "loadBalancerClass", default="")
    kind = _annotation(view, f"{SERVICE}type")
    if class_ in NLB_CLASSES or (not class_ and kind in NLB_TYPES):
        return _balancer(view, "network", SERVICE, public=_public_service(view, internal_by_default=True))
    if class_ or kind:
        message = f"what the load balancer {'class' if class_ else 'type'} {class_ or kind} makes is not known here"
        raise UnpriceableError(message)
    public = _public_service(view, internal_by_default=False)
    return Estimate(
        components=(
            all_month("classic load balancer", CLASSIC_HOURS),
            by_use("traffic through the load balancer", CLASSIC_BYTES),
            *(_addresses(view, SERVICE) if public else ()),
        )
    )


def _public_service(view: View, *, internal_by_default: bool) -> bool:
    scheme = _annotation(view, f"{SERVICE}scheme")
    if scheme:
        return scheme != "internal"
    if view.has("metadata", "annotations", f"{SERVICE}internal"):
        return _annotation(view, f"{SERVICE}internal") in {"false", ""}
    return not internal_by_default or _annotation(view, f"{SERVICE}type") == "nlb"


def ingress(view: View) -> Estimate:
    """Return the Application Load Balancer of an Ingress; of a group, the first by name carries it."""
    controller = _controller(view)
    if controller in POD_CONTROLLERS:
        return Estimate()
    if controller not in ALB_CONTROLLERS:
        message = f"what the Ingress controller {controller} makes in AWS is not known here"
        raise UnpriceableError(message)
    group = _annotation(view, f"{ALB}group.name")
    if group and min(_members(view, group)) != view.resource.urn:
        return Estimate()
    return _balancer(view, "application", ALB, public=_annotation(view, f"{ALB}scheme") == "internet-facing")


def _members(view: View, group: str) -> list[str]:
    others = (View(resource, view.side) for resource in view.side.objects("Ingress"))
    return [one.resource.urn for one in others if _group(one) == group]


def _group(view: View) -> str:
    try:
        return _annotation(view, f"{ALB}group.name")
    except UnpriceableError:
        return ""


def _controller(view: View) -> str:
    """Return the controller of an Ingress' class.

    Raises:
        UnpriceableError: The plan does not show it; `alb` alone is known, as its controller makes that class itself.
    """
    name = view.text("spec", "ingressClassName", default="") or _annotation(view, "kubernetes.io/ingress.class")
    class_ = view.named("IngressClass", name) if name else _default_class(view)
    if class_ is not None:
        return class_.text("spec", "controller")
    if name == "alb":
        return "ingress.k8s.aws/alb"
    message = f"the Ingress class {name or 'by default'} is not in the plan, so what it makes in AWS is not known"
    raise UnpriceableError(message)


def _default_class(view: View) -> View | None:
    classes = (View(resource, view.side) for resource in view.side.objects("IngressClass"))
    default = [one for one in classes if one.flag("metadata", "annotations", DEFAULT_CLASS, default=False)]
    return default[0] if len(default) == 1 else None


def _balancer(view: View, kind: str, prefix: str, *, public: bool) -> Estimate:
    hours, units = METERS[kind]
    return Estimate(
        components=(
            all_month(f"{kind} load balancer", hours),
            by_use("load balancer capacity units", units),
            *(_addresses(view, prefix) if public else ()),
        )
    )


def _addresses(view: View, prefix: str) -> tuple[Component, ...]:
    """Return a public address in each zone; Elastic IPs that are given to it are resources of their own."""
    if (
        _annotation(view, f"{prefix}eip-allocations")
        or _annotation(view, f"{prefix}ip-address-type") == NO_PUBLIC_IPV4
    ):
        return ()
    named = _annotation(view, f"{prefix}subnets")
    count = len(named.split(",")) if named else len(_public_zones(view))
    if not count:
        message = "nothing in the plan says in how many zones the load balancer has a public address"
        raise UnpriceableError(message)
    return (all_month("public IPv4 address, each zone", PUBLIC_IPV4, Decimal(count)),)


def _public_zones(view: View) -> set[str]:
    subnets = [View(one, view.side) for one in view.side.by_urn.values() if one.token == SUBNET]
    return {subnet.text("availabilityZone") for subnet in subnets if subnet.has("tags", PUBLIC_SUBNET)}


def _annotation(view: View, key: str) -> str:
    return view.text("metadata", "annotations", key, default="")
