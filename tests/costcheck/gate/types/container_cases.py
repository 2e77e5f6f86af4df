"""EKS, containers, jobs and SageMaker priced by hand."""

from costcheck.plan.records import Resource
from tests.costcheck.gate.types.registry import Case, Json, resource

SERVICE, TASK = "aws:ecs/service:Service", "aws:ecs/taskDefinition:TaskDefinition"
TARGET = "aws:appautoscaling/target:Target"
RUNNER = "aws:apprunner/service:Service"
RUNNER_SCALING = "aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion"
CLUSTER, CAPABILITY = "aws:eks/cluster:Cluster", "aws:eks/capability:Capability"
BATCH = "aws:batch/computeEnvironment:ComputeEnvironment"
ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
ENDPOINT_CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
NOTEBOOK = "aws:sagemaker/notebookInstance:NotebookInstance"
FARGATE = {"AmazonECS/Fargate-vCPU-Hours:perCPU": "0.04", "AmazonECS/Fargate-GB-Hours": "0.004"}
ON_ARM = {"AmazonECS/Fargate-ARM-vCPU-Hours:perCPU": "0.03", "AmazonECS/Fargate-ARM-GB-Hours": "0.003"}


def task(**changes: Json) -> Resource:
    return resource(TASK, "task", **({"family": "web", "cpu": "512", "memory": "2048"} | changes))


def service(of: Resource, **changes: Json) -> Resource:
    inputs = {"launchType": "FARGATE", "desiredCount": 3}
    return resource(SERVICE, "web", uses={"taskDefinition": of}, **(inputs | changes))


def scaled(of: Resource, dimension: str, most: int) -> Resource:
    return resource(TARGET, uses={"resourceId": of}, scalableDimension=dimension, minCapacity=1, maxCapacity=most)


def cluster(**changes: Json) -> Resource:
    return resource(CLUSTER, "main", **({"version": "1.33", "upgradePolicy": {"supportType": "STANDARD"}} | changes))


def variant(**changes: Json) -> Json:
    return {"instanceType": "ml.m6g.large", "initialInstanceCount": 2, "volumeSizeInGb": 30} | changes


def configuration(*variants: Json, **more: Json) -> Resource:
    return resource(ENDPOINT_CONFIGURATION, "of", productionVariants=list(variants), **more)


TASK_OF, HOSTED = task(), configuration(variant())
WEB = service(TASK_OF)
SERVED = resource(ENDPOINT, "chat", uses={"endpointConfigName": HOSTED})
HOSTING = {"AmazonSageMaker/Host:ml.m6g.large": "0.1", "AmazonSageMaker/Host:VolumeUsage.gp2": "0.14"}
KEEPS_TWO = resource(RUNNER_SCALING, minSize=2, maxSize=9)
CASES = (
    # 3 tasks x 730 h x (0.5 vCPU x 0.04 + 2 GB x 0.004), at most 10
    Case(
        resource=WEB,
        others=(TASK_OF, scaled(WEB, "ecs:service:DesiredCount", 10)),
        prices=FARGATE,
        desired_usd="61.32",
        maximum_usd="204.4",
        sets_price=(("launchType",), ("desiredCount",)),
    ),
    # 1 task x 730 h x (1 vCPU x 0.03 + 4 GB x 0.003 + 80 GB of disk x 0.0001 + a public address x 0.005)
    Case(
        resource=service(
            arm := task(
                cpu="1 vCPU",
                memory="4 GB",
                runtimePlatform={"cpuArchitecture": "ARM64"},
                ephemeralStorage={"sizeInGib": 100},
            ),
            launchType=None,
            capacityProviderStrategies=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
            desiredCount=1,
            networkConfiguration={"assignPublicIp": True},
        ),
        others=(arm,),
        prices=ON_ARM
        | {"AmazonECS/Fargate-EphemeralStorage-GB-Hours": "0.0001", "AmazonVPC/PublicIPv4:InUseAddress": "0.005"},
        desired_usd="40.15",
        sets_price=(("desiredCount",), ("capacityProviderStrategies", 0, "capacityProvider")),
    ),
    # 2 instances x 3 GB x 730 h x 0.007
    Case(
        resource=resource(
            RUNNER,
            uses={"autoScalingConfigurationArn": KEEPS_TWO},
            instanceConfiguration={"cpu": "1024", "memory": "3 GB"},
        ),
        others=(KEEPS_TWO,),
        prices={
            "AWSAppRunner/AppRunner-Provisioned-GB-hours": "0.007",
            "AWSAppRunner/AppRunner-vCPU-hours": "0.064",
            "AWSAppRunner/AppRunner-GB-hours": "0.007",
        },
        desired_usd="30.66",
        sets_price=(("instanceConfiguration", "memory"),),
    ),
    Case(
        resource=resource("aws:ecr/repository:Repository", name="web"),
        prices={"AmazonECR/TimedStorage-ByteHrs": "0.1"},
    ),
    Case(
        resource=resource(BATCH, type="MANAGED", computeResources={"type": "FARGATE", "maxVcpus": 16}),
        prices=FARGATE,
        sets_price=(("type",), ("computeResources", "type")),
    ),
    Case(
        resource=cluster(),
        prices={"AmazonEKS/AmazonEKS-Hours:perCluster": "0.1"},
        desired_usd="73",
        sets_price=(("upgradePolicy", "supportType"),),
    ),
    # 730 h x (0.1 + 1.65)
    Case(
        resource=cluster(
            controlPlaneScalingConfig={"tier": "tier-xl"}, remoteNetworkConfig={"remoteNodeNetworks": []}
        ),
        prices={
            "AmazonEKS/AmazonEKS-Hours:perCluster": "0.1",
            "AmazonEKS/AmazonEKS-Hours:XL-ProvisionedTier": "1.65",
            "AmazonEKS/AmazonEKSHybridNodes-Hours:pervCPU": "0.02",
        },
        desired_usd="1277.5",
        sets_price=(("controlPlaneScalingConfig", "tier"),),
    ),
    Case(
        resource=resource("aws:eks/fargateProfile:FargateProfile", clusterName="main"),
        prices={"AmazonEKS/Fargate-vCPU-Hours:perCPU": "0.04", "AmazonEKS/Fargate-GB-Hours": "0.004"},
    ),
    Case(
        resource=resource(CAPABILITY, type="ARGOCD", clusterName="main"),
        prices={
            "AmazonEKS/AmazonEKSCapabilities-ArgoCD-Hours:perCapability": "0.03",
            "AmazonEKS/AmazonEKSCapabilities-ArgoCD-CR-Hours:perCustomResource": "0.0015",
        },
        desired_usd="21.9",
        sets_price=(("type",),),
    ),
    # 2 x (730 h x 0.1 + 30 GB x 0.14), at most 5
    Case(
        resource=SERVED,
        others=(HOSTED, scaled(SERVED, "sagemaker:variant:DesiredInstanceCount", 5)),
        prices=HOSTING,
        desired_usd="154.4",
        maximum_usd="386",
    ),
    Case(
        resource=configuration(variant()),
        prices=HOSTING,
        desired_usd="154.4",
        sets_price=(
            ("productionVariants", 0, "instanceType"),
            ("productionVariants", 0, "initialInstanceCount"),
            ("productionVariants", 0, "volumeSizeInGb"),
        ),
    ),
    Case(
        resource=configuration({"serverlessConfig": {"memorySizeInMb": 4096, "maxConcurrency": 5}}),
        prices={"AmazonSageMaker/ServerlessInf:Mem-4GB": "0.00008"},
        sets_price=(("productionVariants", 0, "serverlessConfig", "memorySizeInMb"),),
    ),
    # 730 h x 0.05 + 20 GB x 0.14
    Case(
        resource=resource(NOTEBOOK, instanceType="ml.t3.medium", volumeSize=20),
        prices={"AmazonSageMaker/Notebk:ml.t3.medium": "0.05", "AmazonSageMaker/Notebk:VolumeUsage.gp2": "0.14"},
        desired_usd="39.3",
        sets_price=(("instanceType",), ("volumeSize",)),
    ),
    Case(
        resource=resource("aws:sagemaker/domain:Domain", authMode="IAM", defaultUserSettings={}),
        prices={"AmazonEFS/TimedStorage-ByteHrs": "0.3"},
    ),
)
