"""Load balancers that controllers make for Services and Ingresses."""

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter, define, meter
from costcheck.units import HOURS_PER_MONTH

SERVICE = "service.beta.kubernetes.io/aws-load-balancer-"
ALB = "alb.ingress.kubernetes.io/"
NLB_CLASSES = frozenset({"service.k8s.aws/nlb", "eks.amazonaws.com/nlb"})
NLB_TYPES = frozenset({"nlb", "nlb-ip", "external"})
"""https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/nlb/ (read 2026-11-26)."""
ALB_CONTROLLERS = frozenset({"ingress.k8s.aws/alb", "eks.amazonaws.com/alb"})
POD_CONTROLLERS = frozenset({"k8s.io/ingress-nginx", "traefik.io/ingress-controller"})
"""Controllers that serve an Ingress from pods; the Service before those pods is priced by itself."""
DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"

APPLICATION = meter("AWSELB", "LoadBalancerUsage"), meter("AWSELB", "LCUUsage")
NETWORK = (
    define("AWSELB", "LoadBalancerUsage/Network", "Hrs", "Hours", productFamily="Load Balancer-Network"),
    define("AWSELB", "LCUUsage/Network", "LCU-Hrs", "LCU-Hours", productFamily="Load Balancer-Network"),
)
CLASSIC = (
    define("AWSELB", "LoadBalancerUsage/Classic", "Hrs", "Hours", productFamily="Load Balancer"),
    define("AWSELB", "DataProcessing-Bytes", "GB", "GB", productFamily="Load Balancer"),
)
PUBLIC_ADDRESS = meter("AmazonVPC", "PublicIPv4:InUseAddress")


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
        return _balancer("Network Load Balancer", NETWORK, public=_public_service(view, internal_by_default=True))
    if class_ or kind:
        message = (
            f"what makes a load balancer of the {'class' if class_ else 'type'} {class_ or kind} is not known here"
        )
        raise UnpriceableError(message)
    return _balancer("Classic Load Balancer", CLASSIC, public=_public_service(view, internal_by_default=False))


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
    public = _annotation(view, f"{ALB}scheme") == "internet-facing"
    return _balancer("Application Load Balancer", APPLICATION, public=public)


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


def _balancer(name: str, meters: tuple[Meter, Meter], *, public: bool) -> Estimate:
    """Return a balancer for all hours; what it carries, and how many zones have an address of it, only use tells."""
    hours, use = meters
    components = (
        Component(name=name, meter=hours, quantity=HOURS_PER_MONTH),
        Component(name=f"{name}: traffic", meter=use, quantity=None),
        Component(name=f"{name}: public IPv4 address in each zone", meter=PUBLIC_ADDRESS, quantity=None),
    )
    return Estimate(components=components if public else components[:2])


def _annotation(view: View, key: str) -> str:
    return view.text("metadata", "annotations", key, default="")
