"""Networks, what joins them, and load balancers priced by hand."""

from costcheck.plan.records import Resource
from tests.costcheck.gate.types.registry import Case, Json, resource

ENDPOINT, BALANCER = "aws:ec2/vpcEndpoint:VpcEndpoint", "aws:lb/loadBalancer:LoadBalancer"
CLASSIC, VPN = "aws:elb/loadBalancer:LoadBalancer", "aws:ec2/vpnConnection:VpnConnection"
FIREWALL, RESOLVER = "aws:networkfirewall/firewall:Firewall", "aws:route53/resolverEndpoint:ResolverEndpoint"
ASSOCIATION, NAT = "aws:directconnect/gatewayAssociation:GatewayAssociation", "aws:ec2/natGateway:NatGateway"
TRANSIT = resource("aws:ec2transitgateway/transitGateway:TransitGateway", "hub")
PRIVATE_GATEWAY = resource("aws:ec2/vpnGateway:VpnGateway", "edge")
PLAIN_POLICY = resource(
    "aws:networkfirewall/firewallPolicy:FirewallPolicy",
    "rules",
    firewallPolicy={"statelessDefaultActions": ["aws:pass"]},
)
ADDRESS = "AmazonVPC/PublicIPv4:InUseAddress"


def balancer(kind: str, **changes: Json) -> Resource:
    inputs: Json = {"loadBalancerType": kind, "internal": False, "subnets": ["a", "b"]}
    return resource(BALANCER, **(inputs | changes))


def firewall(policy: Resource, **inputs: Json) -> Resource:
    return resource(FIREWALL, uses={"firewallPolicyArn": policy}, **inputs)


def attached(kind: str) -> dict[str, str]:
    return {f"AmazonVPC/TransitGateway-Hours/{kind}": "0.05", f"AmazonVPC/TransitGateway-Bytes/{kind}": "0.02"}


CASES = (
    Case(
        # 730 h x 0.045
        resource=resource(NAT, subnetId="subnet-1"),
        prices={"AmazonEC2/NatGateway-Hours": "0.045", "AmazonEC2/NatGateway-Bytes": "0.045"},
        desired_usd="32.85",
    ),
    Case(
        # 3 zones x 730 h x 0.01
        resource=resource(ENDPOINT, vpcEndpointType="Interface", subnetIds=["a", "b", "c"]),
        prices={"AmazonVPC/VpcEndpoint-Hours": "0.01", "AmazonVPC/VpcEndpoint-Bytes": "0.01"},
        desired_usd="21.9",
        sets_price=(("vpcEndpointType",), ("subnetIds",)),
    ),
    Case(
        # 1 zone x 730 h x 0.02
        resource=resource(ENDPOINT, vpcEndpointType="GatewayLoadBalancer", subnetIds=["a"]),
        prices={"AmazonVPC/VpcEndpoint-GWLBE-Hours": "0.02", "AmazonVPC/VpcEndpoint-GWLBE-Bytes": "0.01"},
        desired_usd="14.6",
        sets_price=(("vpcEndpointType",), ("subnetIds",)),
    ),
    Case(resource=resource(ENDPOINT, vpcEndpointType="Gateway"), prices={}, sets_price=(("vpcEndpointType",),)),
    Case(resource=resource(ENDPOINT, routeTableIds=["a"]), prices={}),
    Case(
        # 730 h x 0.01
        resource=resource("aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation", subnetId="a"),
        prices={"AmazonVPC/VpcEndpoint-Hours": "0.01"},
        desired_usd="7.3",
    ),
    Case(
        # 2 endpoints x 730 h x 0.4
        resource=firewall(PLAIN_POLICY, subnetMappings=[{"subnetId": "a"}, {"subnetId": "b"}]),
        others=(PLAIN_POLICY,),
        prices={"AWSNetworkFirewall/Endpoint-Hour": "0.4", "AWSNetworkFirewall/Traffic-GB-Processed": "0.1"},
        desired_usd="584",
        sets_price=(("subnetMappings",),),
    ),
    Case(
        # 2 addresses x 730 h x 0.1
        resource=resource(RESOLVER, ipAddresses=[{"subnetId": "a"}, {"subnetId": "b"}]),
        prices={"AmazonRoute53/ResolverNetworkInterface": "0.1", "AmazonRoute53/DNS-Queries/Resolver": "0.0000004"},
        desired_usd="146",
        sets_price=(("ipAddresses",),),
    ),
    Case(
        # 730 h x 0.01
        resource=resource("aws:ec2/trafficMirrorSession:TrafficMirrorSession", sessionNumber=1),
        prices={"AmazonVPC/ENI-Mirror": "0.01"},
        desired_usd="7.3",
    ),
    Case(
        # 730 h x 0.05
        resource=resource("aws:ec2transitgateway/vpcAttachment:VpcAttachment", subnetIds=["a"]),
        prices=attached("VPC"),
        desired_usd="36.5",
    ),
    Case(
        # 730 h x 0.05; what passes is transfer between regions
        resource=resource("aws:ec2transitgateway/peeringAttachment:PeeringAttachment", peerRegion="eu-west-1"),
        prices={"AmazonVPC/TransitGateway-Hours/Peering": "0.05"},
        desired_usd="36.5",
    ),
    Case(
        # 730 h x 0.05
        resource=resource("aws:ec2transitgateway/connect:Connect", transportAttachmentId="a"),
        prices=attached("Connect"),
        desired_usd="36.5",
    ),
    Case(
        # 730 h x 0.05
        resource=resource(VPN, vpnGatewayId="vgw-1"),
        prices={"AmazonVPC/VPN-Usage-Hours:ipsec.1": "0.05"},
        desired_usd="36.5",
    ),
    Case(
        # 730 h x 0.05 for the tunnel, as much for its attachment
        resource=resource(VPN, transitGatewayId="tgw-1", enableAcceleration=False),
        prices={"AmazonVPC/VPN-Usage-Hours:ipsec.1": "0.05"} | attached("VPN"),
        desired_usd="73",
        sets_price=(("enableAcceleration",),),
    ),
    Case(
        resource=resource("aws:ec2clientvpn/endpoint:Endpoint", clientCidrBlock="10.0.0.0/16"),
        prices={"AmazonVPC/ClientVPN-ConnectionHours": "0.05"},
    ),
    Case(
        # 730 h x 0.1
        resource=resource("aws:ec2clientvpn/networkAssociation:NetworkAssociation", subnetId="a"),
        prices={"AmazonVPC/ClientVPN-EndpointHours": "0.1"},
        desired_usd="73",
    ),
    Case(
        # 730 h x 2.25
        resource=resource("aws:directconnect/connection:Connection", location="EqDC2", bandwidth="10Gbps"),
        prices={"AWSDirectConnect/EqDC2-PortUsage:10G": "2.25"},
        desired_usd="1642.5",
        sets_price=(("location",), ("bandwidth",)),
    ),
    Case(
        # 730 h x 0.05
        resource=resource(ASSOCIATION, uses={"associatedGatewayId": TRANSIT}),
        others=(TRANSIT,),
        prices=attached("DirectConnect"),
        desired_usd="36.5",
    ),
    Case(
        resource=resource(ASSOCIATION, uses={"associatedGatewayId": PRIVATE_GATEWAY}),
        others=(PRIVATE_GATEWAY,),
        prices={},
    ),
    Case(
        # 730 h x 0.02 and 2 addresses x 730 h x 0.005
        resource=balancer("application"),
        prices={"AWSELB/LoadBalancerUsage": "0.02", "AWSELB/LCUUsage": "0.008", ADDRESS: "0.005"},
        desired_usd="21.9",
        sets_price=(("loadBalancerType",), ("internal",), ("subnets",)),
    ),
    Case(
        # 730 h x 0.02; one of 2 addresses was bought apart: 730 h x 0.005
        resource=resource(
            "aws:alb/loadBalancer:LoadBalancer",
            loadBalancerType="network",
            subnetMappings=[{"subnetId": "a", "allocationId": "eip"}, {"subnetId": "b"}],
        ),
        prices={"AWSELB/LoadBalancerUsage/Network": "0.02", "AWSELB/LCUUsage/Network": "0.006", ADDRESS: "0.005"},
        desired_usd="18.25",
        sets_price=(("loadBalancerType",), ("subnetMappings",)),
        dearer_without=(("loadBalancerType",),),
    ),
    Case(
        # 730 h x 0.02, and no address
        resource=balancer("network", internal=True),
        prices={"AWSELB/LoadBalancerUsage/Network": "0.02", "AWSELB/LCUUsage/Network": "0.006"},
        desired_usd="14.6",
        sets_price=(("internal",),),
    ),
    Case(
        # 730 h x 0.0125
        resource=balancer("gateway"),
        prices={"AWSELB/LoadBalancerUsage/Gateway": "0.0125", "AWSELB/LCUUsage/Gateway": "0.004"},
        desired_usd="9.125",
    ),
    Case(
        # 730 h x 0.025 and 3 addresses x 730 h x 0.005
        resource=resource(CLASSIC, subnets=["a", "b", "c"], internal=False),
        prices={
            "AWSELB/LoadBalancerUsage/Classic": "0.025",
            "AWSELB/DataProcessing-Bytes": "0.008",
            ADDRESS: "0.005",
        },
        desired_usd="29.2",
        sets_price=(("internal",), ("subnets",)),
    ),
)
