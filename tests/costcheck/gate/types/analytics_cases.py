"""Analytics and model services priced by hand."""

from costcheck.plan.records import Resource
from tests.costcheck.gate.types.registry import Case, Json, resource

CLUSTER, GROUP = "aws:emr/cluster:Cluster", "aws:emr/instanceGroup:InstanceGroup"
SCALING, AIRFLOW = "aws:emr/managedScalingPolicy:ManagedScalingPolicy", "aws:mwaa/environment:Environment"
JOB = "aws:glue/job:Job"
VOLUMES = [{"type": "gp3", "size": 50, "volumesPerInstance": 2, "iops": 3000, "throughput": 125}]


def nodes(count: int = 1, **changes: Json) -> Json:
    return {"instanceType": "m6i.large", "instanceCount": count, "ebsConfigs": VOLUMES} | changes


def emr(**changes: Json) -> Resource:
    return resource(CLUSTER, "spark", **({"masterInstanceGroup": nodes(), "coreInstanceGroup": nodes(4)} | changes))


def scaled(cluster: Resource, most: int = 9, unit: str = "Instances") -> Resource:
    limits = [{"unitType": unit, "minimumCapacityUnits": 1, "maximumCapacityUnits": most}]
    return resource(SCALING, uses={"clusterId": cluster}, computeLimits=limits)


SPARK = emr()
EC2 = {
    "AmazonEC2/BoxUsage:m6i.large": "0.1",
    "ElasticMapReduce/BoxUsage:m6i.large": "0.024",
    "AmazonEC2/EBS:VolumeUsage.gp3": "0.08",
}
CASES = (
    Case(
        # 5 nodes x (730 h x 0.124 + 100 GiB x 0.08), up to 1 + 9 nodes
        resource=SPARK,
        others=(scaled(SPARK),),
        prices=EC2,
        desired_usd="492.6",
        maximum_usd="985.2",
        sets_price=(
            ("masterInstanceGroup", "instanceType"),
            ("masterInstanceGroup", "instanceCount"),
            ("coreInstanceGroup", "instanceCount"),
            ("coreInstanceGroup", "ebsConfigs", 0, "volumesPerInstance"),
        ),
    ),
    Case(
        # 2 nodes x (730 h x 0.124 + 100 GiB x 0.08)
        resource=resource(GROUP, uses={"clusterId": SPARK}, **nodes(2)),
        others=(SPARK,),
        prices=EC2,
        desired_usd="197.04",
        sets_price=(("instanceType",), ("instanceCount",)),
    ),
    Case(
        resource=resource(JOB, glueVersion="5.0"),
        prices={"AWSGlue/ETL-DPU-Hour": "0.44"},
        sets_price=(("glueVersion",),),
    ),
    Case(
        resource=resource(JOB, glueVersion="6.0", executionClass="FLEX"),
        prices={"AWSGlue/ETL-Flex-DPU-Hour-Gen2": "0.3"},
        sets_price=(("executionClass",),),
    ),
    Case(resource=resource("aws:glue/crawler:Crawler"), prices={"AWSGlue/Crawler-DPU-Hour": "0.44"}),
    *(
        Case(
            resource=resource(token),
            prices={"AWSGlue/Catalog-Storage": "0.00001", "AWSGlue/Catalog-Request": "0.000001"},
        )
        for token in ("aws:glue/catalogDatabase:CatalogDatabase", "aws:glue/catalogTable:CatalogTable")
    ),
    Case(resource=resource("aws:athena/workgroup:Workgroup"), prices={"AmazonAthena/DataScannedInTB": "5"}),
    Case(
        resource=resource("aws:emrserverless/application:Application", architecture="ARM64"),
        prices={
            "ElasticMapReduce/EMR-SERVERLESS-ARM-vCPUHours": "0.04",
            "ElasticMapReduce/EMR-SERVERLESS-ARM-MemoryGBHours": "0.005",
        },
        sets_price=(("architecture",),),
    ),
    Case(
        # 730 h x (0.7 + 1 worker x 0.1 + 1 scheduler x 0.1), up to 4 workers
        resource=resource(AIRFLOW, environmentClass="mw1.medium", minWorkers=2, maxWorkers=5, schedulers=3),
        prices={
            "AmazonMWAA/Airflow-MediumEnvironment": "0.7",
            "AmazonMWAA/Airflow-MediumWorker": "0.1",
            "AmazonMWAA/Airflow-MediumScheduler": "0.1",
            "AmazonMWAA/Airflow-StandardDatabaseStorage": "0.1",
        },
        desired_usd="657",
        maximum_usd="876",
        sets_price=(("environmentClass",), ("minWorkers",), ("maxWorkers",), ("schedulers",)),
    ),
    Case(
        resource=resource("aws:bedrock/agentAgent:AgentAgent", foundationModel="amazon.nova-pro-v1:0"),
        prices={
            "aws/amazon.nova-pro-v1:0/uncached_input_tokens": "0.8",
            "aws/amazon.nova-pro-v1:0/output_tokens": "3.2",
        },
        sets_price=(("foundationModel",),),
    ),
)
