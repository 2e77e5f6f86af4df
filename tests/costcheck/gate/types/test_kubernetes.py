from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcheck.gate.estimate import Estimate, PurchaseOption
from costcheck.gate.quantities import parse_quantity, whole_gib
from costcheck.gate.types import may_run_nodes
from costcheck.gate.types.karpenter import AUTO_MODE
from costcheck.gate.view import UnpriceableError
from costcheck.plan.records import SECRET, UNKNOWN, Resource
from infra.karpenter_node_pool import KarpenterNodePoolArgs, _node_pool_spec
from tests.costcheck.gate.kubernetes_objects import FACTS, estimate, quantities, resource

SERVICE = "service.beta.kubernetes.io/aws-load-balancer-"
ALB = "alb.ingress.kubernetes.io/"


def service(annotations: dict[str, str] | None = None, **spec: Any) -> Resource:  # noqa: ANN401 - any JSON
    return resource("core/v1:Service", annotations=annotations, spec={"type": "LoadBalancer", **spec})


def storage_class(name: str = "fast", **inputs: Any) -> Resource:  # noqa: ANN401 - any JSON
    return resource("storage.k8s.io/v1:StorageClass", name, **{"provisioner": "ebs.csi.aws.com", **inputs})


def claim_spec(size: str = "50Gi", class_: str | None = "fast", **spec: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    named = {} if class_ is None else {"storageClassName": class_}
    return {"resources": {"requests": {"storage": size}}, **named, **spec}


def claim(**changes: Any) -> Resource:  # noqa: ANN401 - any JSON
    return resource("core/v1:PersistentVolumeClaim", spec=claim_spec(**changes))


def stateful_set(**spec: Any) -> Resource:  # noqa: ANN401 - any JSON
    return resource("apps/v1:StatefulSet", "db", spec={"volumeClaimTemplates": [{"spec": claim_spec()}], **spec})


@pytest.mark.parametrize(
    "kind",
    [
        "core/v1:Namespace",
        "core/v1:ConfigMap",
        "apps/v1:Deployment",
        "batch/v1:CronJob",
        "rbac.authorization.k8s.io/v1:Role",
        "storage.k8s.io/v1:StorageClass",
        "apiextensions.k8s.io/v1:CustomResourceDefinition",
        "monitoring.coreos.com/v1:ServiceMonitor",
        "karpenter.k8s.aws/v1:EC2NodeClass",
    ],
)
def test_what_makes_nothing_in_aws_is_free(kind: str) -> None:
    assert estimate(resource(kind)) == Estimate()


def test_a_pod_on_a_gpu_is_free_as_its_node_is_priced() -> None:
    container = {"name": "server", "resources": {"limits": {"nvidia.com/gpu": "8"}}}
    selector = {"node.kubernetes.io/instance-type": "p5.48xlarge"}
    pod = {"containers": [container], "nodeSelector": selector}
    deployment = resource("apps/v1:Deployment", spec={"replicas": 9, "template": {"spec": pod}})
    assert estimate(deployment) == Estimate()
    assert not may_run_nodes(deployment)


@pytest.mark.parametrize(
    "kind",
    [
        "s3.services.k8s.aws/v1alpha1:Bucket",
        "rds.aws.upbound.io/v1beta1:Instance",
        "database.example.org/v1:Postgres",
        "monitoring.coreos.com/v1:Prometheus",
        "gateway.networking.k8s.io/v1:Gateway",
    ],
)
def test_a_custom_kind_that_nobody_here_knows_is_unknown(kind: str) -> None:
    with pytest.raises(UnpriceableError, match="is not known here"):
        estimate(resource(kind))
    assert not may_run_nodes(resource(kind))


@pytest.mark.parametrize(
    "kind",
    [
        "ec2.services.k8s.aws/v1alpha1:Instance",
        "eks.aws.upbound.io/v1beta1:NodeGroup",
        "infrastructure.cluster.x-k8s.io/v1beta2:AWSMachine",
        "karpenter.sh/v1:NodeClaim",
        "karpenter.sh/v1:NodePoolPatch",
        "argoproj.io/v1alpha1:ApplicationSet",
        "fleet.cattle.io/v1alpha1:GitRepo",
        "kappctrl.k14s.io/v1alpha1:App",
        "packaging.carvel.dev/v1alpha1:PackageInstall",
        "helm.crossplane.io/v1beta1:Release",
        "kubernetes.m.crossplane.io/v1alpha1:Object",
        "opentofu.upbound.io/v1beta1:Workspace",
        "tf.m.upbound.io/v1beta1:Workspace",
        "kro.run/v1alpha1:ResourceGraphDefinition",
        "operators.coreos.com/v1alpha1:Subscription",
        "addons.cluster.x-k8s.io/v1beta2:ClusterResourceSet",
        "controlplane.cluster.x-k8s.io/v1beta2:AWSManagedControlPlane",
        "machine.openshift.io/v1beta1:MachineSet",
        "infra.contrib.fluxcd.io/v1alpha2:Terraform",
    ],
)
def test_a_custom_kind_that_may_start_instances_counts_as_nodes_that_nobody_can_count(kind: str) -> None:
    with pytest.raises(UnpriceableError):
        estimate(resource(kind))
    assert may_run_nodes(resource(kind))


@pytest.mark.parametrize(
    "kind",
    [
        "argoproj.io/v1alpha1:Rollout",
        "argoproj.io/v1alpha1:CronWorkflow",
        "argoproj.io/v1alpha1:Application",
        "helm.toolkit.fluxcd.io/v2:HelmRelease",
        "kustomize.toolkit.fluxcd.io/v1:Kustomization",
    ],
)
def test_a_kind_that_puts_pods_onto_nodes_that_are_there_starts_none_unless_it_names_one_with_gpus(kind: str) -> None:
    assert not may_run_nodes(resource(kind, spec={"gpu": 1}))
    assert may_run_nodes(resource(kind, spec={"type": "g6.xlarge"}))


def test_an_unknown_kind_that_names_a_gpu_instance_counts_as_nodes() -> None:
    assert may_run_nodes(resource("example.org/v1:Fleet", spec={"type": "g6.xlarge"}))
    assert not may_run_nodes(resource("example.org/v1:Fleet", spec={"type": "m7i.large"}))


@pytest.mark.parametrize(
    "inputs",
    [
        {"apiVersion": "karpenter.sh/v1", "kind": "NodePool"},
        {"apiVersion": "karpenter.sh/v1", "kind": "ConfigMap"},
        {"apiVersion": "v1", "kind": "Service"},
        {"apiVersion": UNKNOWN, "kind": "ConfigMap"},
        {"apiVersion": "v1", "kind": UNKNOWN},
    ],
)
def test_an_object_that_holds_another_kind_than_its_type_says_may_start_nodes(inputs: dict[str, Any]) -> None:
    one = replace(resource("core/v1:ConfigMap"), inputs=inputs)
    with pytest.raises(UnpriceableError, match="its type is a ConfigMap of core"):
        estimate(one)
    assert may_run_nodes(one)


def test_an_object_that_holds_what_its_type_says_is_taken_at_its_word() -> None:
    held = {"apiVersion": "v1", "kind": "ConfigMap"}
    assert estimate(replace(resource("core/v1:ConfigMap"), inputs=held)) == Estimate()
    assert estimate(replace(resource("core/v1:ConfigMapPatch"), inputs=held)) == Estimate()
    assert not may_run_nodes(resource("karpenter.k8s.aws/v1:EC2NodeClass", apiVersion="karpenter.k8s.aws/v1"))


def test_a_patch_of_a_kind_that_costs_is_unknown_and_of_another_one_free() -> None:
    with pytest.raises(UnpriceableError, match="a ServicePatch changes objects"):
        estimate(resource("core/v1:ServicePatch"))
    assert estimate(resource("core/v1:ConfigMapPatch")) == Estimate()


def test_only_a_service_of_type_load_balancer_costs() -> None:
    assert estimate(resource("core/v1:Service", spec={"type": "ClusterIP"})) == Estimate()
    assert estimate(resource("core/v1:Service", spec={})) == Estimate()
    assert estimate(service({f"{SERVICE}internal": "true"})) != Estimate()


def test_a_service_without_a_class_is_a_classic_balancer_with_an_address_in_each_public_zone() -> None:
    subnets = [
        resource("aws:ec2/subnet:Subnet", zone, availabilityZone=zone, tags={"kubernetes.io/role/elb": "1"})
        for zone in ("a", "b")
    ]
    found = quantities(estimate(service(), *subnets))
    assert found == {
        "LoadBalancerUsage/Classic": Decimal(730),
        "DataProcessing-Bytes": None,
        "PublicIPv4:InUseAddress": Decimal(1460),
    }


@pytest.mark.parametrize("class_", ["service.k8s.aws/nlb", "eks.amazonaws.com/nlb"])
def test_a_class_of_the_aws_controllers_is_a_network_balancer_inside(class_: str) -> None:
    found = quantities(estimate(service(loadBalancerClass=class_)))
    assert found == {"LoadBalancerUsage/Network": Decimal(730), "LCUUsage/Network": None}


@pytest.mark.parametrize("kind", ["external", "nlb-ip", "nlb"])
def test_a_type_of_the_aws_controllers_is_a_network_balancer(kind: str) -> None:
    found = quantities(estimate(service({f"{SERVICE}type": kind, f"{SERVICE}scheme": "internal"})))
    assert "LoadBalancerUsage/Network" in found
    assert "PublicIPv4:InUseAddress" not in found


def test_a_public_balancer_has_an_address_in_each_subnet_that_it_names() -> None:
    public = {f"{SERVICE}type": "external", f"{SERVICE}scheme": "internet-facing", f"{SERVICE}subnets": "a,b,c"}
    assert quantities(estimate(service(public)))["PublicIPv4:InUseAddress"] == 3 * 730


def test_a_public_balancer_in_zones_that_nobody_knows_is_unpriceable() -> None:
    with pytest.raises(UnpriceableError, match="in how many zones"):
        estimate(service())


@pytest.mark.parametrize("spec", [{"loadBalancerClass": "io.cilium/node"}, {"type": UNKNOWN}, {"type": SECRET}])
def test_a_service_that_does_not_tell_is_unpriceable(spec: dict[str, Any]) -> None:
    with pytest.raises(UnpriceableError):
        estimate(service(**spec))


def test_a_type_of_balancer_that_nobody_here_knows_is_unpriceable() -> None:
    with pytest.raises(UnpriceableError, match="type gateway makes is not known here"):
        estimate(service({f"{SERVICE}type": "gateway", f"{SERVICE}internal": "true"}))


def test_an_ingress_of_class_alb_is_an_application_balancer() -> None:
    ingress = resource("networking.k8s.io/v1:Ingress", spec={"ingressClassName": "alb"})
    assert quantities(estimate(ingress)) == {"LoadBalancerUsage": Decimal(730), "LCUUsage": None}
    old = resource("networking.k8s.io/v1:Ingress", annotations={"kubernetes.io/ingress.class": "alb"}, spec={})
    assert estimate(old) == estimate(ingress)


def test_the_controller_of_an_ingress_class_in_the_plan_decides() -> None:
    ingress = resource("networking.k8s.io/v1:Ingress", spec={"ingressClassName": "web"})
    alb = resource("networking.k8s.io/v1:IngressClass", "web", spec={"controller": "eks.amazonaws.com/alb"})
    pods = resource("networking.k8s.io/v1:IngressClass", "web", spec={"controller": "k8s.io/ingress-nginx"})
    strange = resource("networking.k8s.io/v1:IngressClass", "web", spec={"controller": "example.org/x"})
    assert "LoadBalancerUsage" in quantities(estimate(ingress, alb))
    assert estimate(ingress, pods) == Estimate()
    for others in ((), (strange,)):
        with pytest.raises(UnpriceableError, match="not known"):
            estimate(ingress, *others)


def test_an_ingress_without_a_class_takes_the_default_of_the_plan() -> None:
    ingress = resource("networking.k8s.io/v1:Ingress", spec={})
    default = {"ingressclass.kubernetes.io/is-default-class": "true"}
    spec = {"controller": "ingress.k8s.aws/alb"}
    class_ = resource("networking.k8s.io/v1:IngressClass", "web", default, spec=spec)
    assert "LoadBalancerUsage" in quantities(estimate(ingress, class_))
    with pytest.raises(UnpriceableError, match="by default is not in the plan"):
        estimate(ingress)


def test_ingresses_of_one_group_share_one_balancer() -> None:
    group = {f"{ALB}group.name": "shop"}
    members = [
        resource("networking.k8s.io/v1:Ingress", name, group, spec={"ingressClassName": "alb"}) for name in ("b", "a")
    ]
    found = [estimate(member, *members) for member in members]
    assert [bool(one.components) for one in found] == [False, True]


@given(size=st.integers(1, 16384), replicas=st.integers(0, 50), highest=st.integers(0, 50))
def test_a_stateful_set_buys_a_volume_a_pod_up_to_what_its_autoscaler_may_reach(
    size: int, replicas: int, highest: int
) -> None:
    template = {"spec": claim_spec(f"{size}Gi")}
    target = {"kind": "StatefulSet", "name": "db"}
    scaler = resource(
        "autoscaling/v2:HorizontalPodAutoscaler", spec={"scaleTargetRef": target, "maxReplicas": highest}
    )
    (part,) = estimate(
        stateful_set(replicas=replicas, volumeClaimTemplates=[template]), storage_class(), scaler
    ).components
    assert part.quantity == replicas * size
    assert part.worst_quantity == max(replicas, highest) * size


def test_a_scaled_object_without_a_maximum_may_reach_a_hundred() -> None:
    scaler = resource("keda.sh/v1alpha1:ScaledObject", spec={"scaleTargetRef": {"name": "db"}})
    (part,) = estimate(stateful_set(), storage_class(), scaler).components
    assert part.quantity == 50
    assert part.worst_quantity == 5000


def test_a_claim_is_a_volume_of_its_class() -> None:
    assert quantities(estimate(claim(), storage_class())) == {"EBS:VolumeUsage.gp3": Decimal(50)}
    fast = storage_class(parameters={"type": "gp3", "iops": "4000", "throughput": "325"})
    assert quantities(estimate(claim(), fast)) == {
        "EBS:VolumeUsage.gp3": Decimal(50),
        "EBS:VolumeP-IOPS.gp3": Decimal(1000),
        "EBS:VolumeP-Throughput.gp3": Decimal(200),
    }


def test_a_claim_without_a_class_takes_the_default_of_the_plan() -> None:
    default = resource(
        "storage.k8s.io/v1:StorageClass",
        "fast",
        {"storageclass.kubernetes.io/is-default-class": "true"},
        provisioner="ebs.csi.aws.com",
    )
    assert quantities(estimate(claim(class_=None), default)) == {"EBS:VolumeUsage.gp3": Decimal(50)}
    with pytest.raises(UnpriceableError, match="the plan does not show which one is the default"):
        estimate(claim(class_=None), storage_class())


@pytest.mark.parametrize("changes", [{"class_": ""}, {"volumeName": "pv-1"}])
def test_a_claim_of_a_volume_that_exists_makes_none(changes: dict[str, str]) -> None:
    assert estimate(claim(**changes), storage_class()) == Estimate()


@pytest.mark.parametrize(
    ("changes", "class_", "said"),
    [
        ({"class_": "gp3"}, {}, "the storage class gp3 is not in the plan"),
        ({"class_": UNKNOWN}, {}, "only known after the update"),
        ({"size": UNKNOWN}, {}, "only known after the update"),
        ({"size": "many"}, {}, "is no quantity"),
        ({}, {"provisioner": "efs.csi.aws.com"}, "efs.csi.aws.com"),
        ({}, {"parameters": {"iopsPerGB": "50"}}, "IOPS by the size"),
        ({}, {"parameters": {"type": "io9"}}, "io9"),
    ],
)
def test_a_claim_that_does_not_tell_is_unpriceable(
    changes: dict[str, str], class_: dict[str, Any], said: str
) -> None:
    with pytest.raises(UnpriceableError, match=said):
        estimate(claim(**changes), storage_class(**class_))


def test_a_volume_that_each_pod_brings_is_priced_a_pod() -> None:
    volumes = [
        {"name": "x", "emptyDir": {}},
        {"name": "y", "ephemeral": {"volumeClaimTemplate": {"spec": claim_spec()}}},
    ]
    template = {"template": {"spec": {"volumes": volumes}}}
    deployment = resource("apps/v1:Deployment", spec={"replicas": 3, **template})
    assert quantities(estimate(deployment, storage_class())) == {"EBS:VolumeUsage.gp3": Decimal(150)}
    with pytest.raises(UnpriceableError, match="each pod of this DaemonSet"):
        estimate(resource("apps/v1:DaemonSet", spec=template), storage_class())


def node_class(**spec: Any) -> Resource:  # noqa: ANN401 - any JSON
    mapping = {"deviceName": "/dev/xvda", "ebs": {"volumeType": "gp3", "volumeSize": "100Gi"}}
    return resource("karpenter.k8s.aws/v1:EC2NodeClass", "gpu", spec={"blockDeviceMappings": [mapping], **spec})


def one_of(key: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": list(values)}


def node_pool(*requirements: dict[str, Any], kind: str = "EC2NodeClass", **spec: Any) -> Resource:  # noqa: ANN401 - any JSON
    template = {"nodeClassRef": {"kind": kind, "name": "gpu"}, "requirements": list(requirements)}
    return resource("karpenter.sh/v1:NodePool", spec={"template": {"spec": template}, **spec})


TYPES = one_of("node.kubernetes.io/instance-type", "g6.xlarge", "g6.12xlarge")
ON_DEMAND = one_of("karpenter.sh/capacity-type", "on-demand")


@pytest.mark.parametrize(
    ("limits", "types", "most"),
    [
        ({"nvidia.com/gpu": "6"}, ("g6.12xlarge", "g6.xlarge"), 6),
        ({"nvidia.com/gpu": 3}, ("g6.xlarge",), 3),
        ({"nvidia.com/gpu": "6", "cpu": "10"}, ("g6.xlarge",), 2),
        ({"cpu": "7500m"}, ("g6.xlarge",), 1),
        ({"nodes": "2", "cpu": "1000"}, ("g6.12xlarge", "g6.xlarge"), 2),
        ({"cpu": "3"}, ("g6.12xlarge", "g6.xlarge"), 0),
        ({}, ("g6.12xlarge", "g6.xlarge"), None),
        ({"memory": "64Gi"}, ("g6.12xlarge", "g6.xlarge"), None),
    ],
)
def test_the_most_nodes_are_those_of_the_smallest_type_that_the_limits_leave_room_for(
    limits: dict[str, str], types: tuple[str, ...], most: int | None
) -> None:
    (nodes,) = estimate(node_pool(TYPES, ON_DEMAND, limits=limits), node_class()).nodes
    assert (nodes.instance_types, nodes.maximum) == (types, most)
    assert nodes.purchase_option is PurchaseOption.ON_DEMAND


def test_a_limit_of_nvidia_gpus_does_not_hold_back_other_gpus() -> None:
    types = one_of("node.kubernetes.io/instance-type", "g4ad.xlarge", "g6.xlarge")
    (nodes,) = estimate(node_pool(types, ON_DEMAND, limits={"nvidia.com/gpu": "1"}), node_class()).nodes
    assert nodes.maximum is None


def test_a_pool_of_both_purchase_options_may_be_all_of_each_and_is_charged_once() -> None:
    both = one_of("karpenter.sh/capacity-type", "spot", "on-demand")
    for requirements in ((TYPES, both), (TYPES,)):
        found = estimate(node_pool(*requirements, limits={"nvidia.com/gpu": "2"}), node_class()).nodes
        assert [(nodes.purchase_option.value, nodes.alternative) for nodes in found] == [
            ("on_demand", False),
            ("spot", True),
        ]
        assert {nodes.maximum for nodes in found} == {Decimal(2)}


def test_families_and_sizes_together_name_the_types() -> None:
    requirements = (
        one_of("karpenter.k8s.aws/instance-family", "g6"),
        one_of("karpenter.k8s.aws/instance-size", "xlarge"),
    )
    (nodes,) = estimate(node_pool(*requirements, ON_DEMAND, limits={"cpu": "8"}), node_class()).nodes
    assert nodes.instance_types == ("g6.xlarge",)
    assert nodes.maximum == 2


def test_two_requirements_of_one_label_hold_together() -> None:
    other = one_of("node.kubernetes.io/instance-type", "g6.xlarge", "m7i.large")
    (nodes,) = estimate(node_pool(TYPES, other, ON_DEMAND, limits={"cpu": "8"}), node_class()).nodes
    assert nodes.instance_types == ("g6.xlarge",)


@pytest.mark.parametrize(
    "requirements",
    [
        (),
        (one_of("karpenter.k8s.aws/instance-family", "g6"),),
        (one_of("karpenter.k8s.aws/instance-category", "c", "g"),),
        (
            one_of("karpenter.k8s.aws/instance-category", "g"),
            one_of("karpenter.k8s.aws/instance-family", "g6", "g6e"),
        ),
        (one_of("karpenter.k8s.aws/instance-category", "c"), one_of("karpenter.k8s.aws/instance-category", "m")),
        (one_of("karpenter.k8s.aws/instance-category"),),
        (one_of("eks.amazonaws.com/instance-category", "c"),),
        (one_of("karpenter.k8s.aws/instance-gpu-count", "1"),),
        ({"key": "node.kubernetes.io/instance-type", "operator": "NotIn", "values": ["p5.48xlarge"]},),
        ({"key": "karpenter.k8s.aws/instance-generation", "operator": "Gt", "values": ["4"]},),
        (one_of("node.kubernetes.io/instance-type", UNKNOWN),),
        (one_of("node.kubernetes.io/instance-type", "g9.huge"),),
        (TYPES, one_of("node.kubernetes.io/instance-type", "m7i.large")),
        (TYPES, one_of("karpenter.sh/capacity-type", "borrowed")),
    ],
)
def test_requirements_that_do_not_tell_the_types_leave_nodes_that_nobody_can_count(requirements: Any) -> None:  # noqa: ANN401 - any JSON
    pool = node_pool(*requirements, limits={"cpu": "8"})
    with pytest.raises(UnpriceableError):
        estimate(pool, node_class())
    assert may_run_nodes(pool)


@pytest.mark.parametrize(
    "requirement",
    [
        one_of("karpenter.k8s.aws/instance-category", "c", "m", "r"),
        one_of("karpenter.k8s.aws/instance-family", "m7i"),
    ],
)
def test_a_pool_that_can_have_no_accelerator_has_no_gpu_nodes_and_no_price(requirement: dict[str, Any]) -> None:
    found = estimate(node_pool(requirement, limits={"cpu": "8"}), node_class())
    assert found.nodes == ()
    assert "none with accelerators" in found.unpriced


def test_each_node_has_the_disks_of_its_class() -> None:
    found = estimate(node_pool(TYPES, ON_DEMAND, limits={"nvidia.com/gpu": "3"}), node_class())
    (part,) = found.components
    assert part.quantity == part.worst_quantity == 300


@pytest.mark.parametrize(
    ("kind", "others", "said"),
    [
        ("EC2NodeClass", (), "the EC2NodeClass gpu is not in the plan"),
        ("EC2NodeClass", (node_class(blockDeviceMappings=[]),), "leaves the disks to Karpenter"),
        ("NodeClass", (), "EKS Auto Mode adds a fee"),
    ],
)
def test_nodes_are_counted_where_their_disks_have_no_price(
    kind: str, others: tuple[Resource, ...], said: str
) -> None:
    found = estimate(node_pool(TYPES, ON_DEMAND, kind=kind, limits={"nvidia.com/gpu": "3"}), *others)
    assert said in found.unpriced
    assert found.nodes[0].maximum == 3


def test_a_static_pool_has_as_many_nodes_as_it_says() -> None:
    (nodes,) = estimate(node_pool(TYPES, ON_DEMAND, replicas=4), node_class()).nodes
    assert nodes.maximum == 4
    (nodes,) = estimate(node_pool(TYPES, ON_DEMAND, replicas=4, limits={"nodes": "5"}), node_class()).nodes
    assert nodes.maximum == 5


@given(gpus=st.integers(0, 64), cpus=st.integers(0, 512), more=st.integers(0, 64))
def test_a_higher_limit_never_means_fewer_nodes(gpus: int, cpus: int, more: int) -> None:
    def most(gpu_limit: int, cpu_limit: int) -> Decimal:
        limits = {"nvidia.com/gpu": str(gpu_limit), "cpu": str(cpu_limit)}
        found = estimate(node_pool(TYPES, ON_DEMAND, limits=limits), node_class()).nodes[0].maximum
        assert found is not None
        return found

    assert most(gpus, cpus) <= min(most(gpus + more, cpus), most(gpus, cpus + more))


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", "1"), ("500m", "0.5"), ("1.5Gi", "1610612736"), ("2k", "2000"), ("1e3", "1000"), ("3M", "3000000")],
)
def test_a_quantity_is_read_as_kubernetes_reads_it(text: str, value: str) -> None:
    assert parse_quantity(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "-1", "1 Gi", "Gi", "1gi", "NaN", "1e999", UNKNOWN])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(UnpriceableError):
        parse_quantity(text)


@pytest.mark.parametrize(("text", "gib"), [("10Gi", 10), ("10G", 10), ("1", 1), ("10241Mi", 11)])
def test_a_size_is_rounded_up_to_whole_gib(text: str, gib: int) -> None:
    assert whole_gib(text) == gib


@given(
    nodes=st.integers(1, 20), types=st.sets(st.sampled_from(["g6.xlarge", "g6.2xlarge", "g6.12xlarge"]), min_size=1)
)
def test_a_pool_of_the_program_may_have_as_many_nodes_as_it_was_allowed(nodes: int, types: set[str]) -> None:
    facts = [FACTS[name] for name in types]
    args = KarpenterNodePoolArgs(
        node_role_name="role", security_group_id="sg-1", subnet_ids=["subnet-1"], zones=["us-east-1a"],
        instance_types=sorted(types), capacity_types=["on-demand"], maximum_nodes={},
        gpu_limit=nodes * min(fact.gpu_count for fact in facts),
        cpu_limit=nodes * max(fact.vcpu_count for fact in facts),
        volume_gib=100, expire_after="336h", termination_grace_period="1h", tags={},
    )  # fmt: skip
    found = estimate(resource("karpenter.sh/v1:NodePool", "gpu", spec=_node_pool_spec("gpu", args)))
    assert [pool.maximum for pool in found.nodes] == [nodes]
    assert found.unpriced == AUTO_MODE
