"""Databases priced by hand: RDS, Aurora, DocumentDB, Neptune."""

from decimal import Decimal

from costcheck.plan.records import Resource
from tests.costcheck.gate.types.registry import Case, Json, resource

RDS, AURORA = "aws:rds/instance:Instance", "aws:rds/cluster:Cluster"
AURORA_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"


def postgres(name: str = "db", **changes: Json) -> Resource:
    inputs = {
        "engine": "postgres", "engineVersion": "17.4", "instanceClass": "db.m6g.large", "allocatedStorage": 100,
        "storageType": "gp3",
    }  # fmt: skip
    return resource(RDS, name, **(inputs | changes))


def aurora(**changes: Json) -> Resource:
    scaling = {"minCapacity": Decimal("0.5"), "maxCapacity": 16}
    return resource(
        AURORA, "pool", **({"engine": "aurora-postgresql", "serverlessv2ScalingConfiguration": scaling} | changes)
    )


def aurora_instance(cluster: Resource, **changes: Json) -> Resource:
    return resource(
        AURORA_INSTANCE,
        uses={"clusterIdentifier": cluster},
        **({"engine": "aurora-postgresql", "instanceClass": "db.r6g.large"} | changes),
    )


CLUSTER, PRIMARY = aurora(), postgres()
GRAPHS, DOCUMENTS = resource("aws:neptune/cluster:Cluster"), resource("aws:docdb/cluster:Cluster")
CASES = (
    Case(
        # 730 h x 0.40 + 100 GiB x 0.25, grown to 200 GiB at the worst case
        resource=postgres(multiAz=True, maxAllocatedStorage=200),
        prices={
            "AmazonRDS/Multi-AZUsage:db.m6g.large/PostgreSQL": "0.40",
            "AmazonRDS/RDS:Multi-AZ-GP3-Storage/PostgreSQL": "0.25",
            "AmazonRDS/RDS:ChargedBackupUsage/PostgreSQL": "0.1",
        },
        desired_usd="317",
        maximum_usd="342",
        sets_price=tuple(
            (key,)
            for key in (
                "engine",
                "instanceClass",
                "allocatedStorage",
                "storageType",
                "multiAz",
                "maxAllocatedStorage",
            )
        ),
    ),
    Case(
        # 730 h x 0.1 + 500 GiB x 0.1 + 12500 - 12000 included IOPS x 0.02
        resource=postgres(allocatedStorage=500, iops=12500, storageThroughput=500, instanceClass="db.t4g.medium"),
        prices={
            "AmazonRDS/InstanceUsage:db.t4g.medium/PostgreSQL": "0.1",
            "AmazonRDS/RDS:GP3-Storage/PostgreSQL": "0.1",
            "AmazonRDS/RDS:GP3-PIOPS/PostgreSQL": "0.02",
            "AmazonRDS/RDS:ChargedBackupUsage/PostgreSQL": "0.1",
            "AmazonRDS/CPUCredits:db.t4g/PostgreSQL": "0.075",
        },
        desired_usd="133",
        sets_price=(("iops",), ("storageThroughput",)),
    ),
    Case(
        # 730 h x 1 + 100 GiB x 0.1 + 2000 IOPS x 0.1, with its licence
        resource=postgres(
            engine="oracle-se2", engineVersion="19", licenseModel="license-included", storageType="io1", iops=2000
        ),
        prices={
            "AmazonRDS/InstanceUsage:db.m6g.large/Oracle Standard Two License included": "1",
            "AmazonRDS/RDS:PIOPS-Storage/Any": "0.1",
            "AmazonRDS/RDS:PIOPS/Any": "0.1",
            "AmazonRDS/RDS:ChargedBackupUsage/Oracle": "0.1",
        },
        desired_usd="940",
        sets_price=(("licenseModel",), ("iops",)),
    ),
    Case(
        # a replica: 730 h x 0.2 + the 100 GiB of its source x 0.1
        resource=resource(RDS, "replica", uses={"replicateSourceDb": PRIMARY}, instanceClass="db.m6g.large"),
        others=(PRIMARY,),
        prices={
            "AmazonRDS/InstanceUsage:db.m6g.large/PostgreSQL": "0.2",
            "AmazonRDS/RDS:GP3-Storage/PostgreSQL": "0.1",
            "AmazonRDS/RDS:ChargedBackupUsage/PostgreSQL": "0.1",
        },
        desired_usd="156",
        sets_price=(("instanceClass",),),
    ),
    Case(
        resource=aurora(),
        prices={
            "AmazonRDS/Aurora:StorageUsage/Aurora PostgreSQL": "0.1",
            "AmazonRDS/Aurora:StorageIOUsage/Aurora PostgreSQL": "0.0000002",
            "AmazonRDS/Aurora:BackupUsage/Aurora PostgreSQL": "0.02",
        },
        sets_price=(("engine",),),
    ),
    Case(
        # 730 h x 0.26
        resource=aurora_instance(CLUSTER),
        others=(CLUSTER,),
        prices={"AmazonRDS/InstanceUsage:db.r6g.large/Aurora PostgreSQL": "0.26"},
        desired_usd="189.8",
        sets_price=(("instanceClass",),),
    ),
    Case(
        # 730 h x 0.12 x 0.5 units, up to 16
        resource=aurora_instance(CLUSTER, instanceClass="db.serverless"),
        others=(CLUSTER,),
        prices={"AmazonRDS/Aurora:ServerlessV2Usage/Aurora PostgreSQL": "0.12"},
        desired_usd="43.8",
        maximum_usd="1401.6",
    ),
    Case(
        resource=resource("aws:docdb/cluster:Cluster", storageType="standard"),
        prices={
            "AmazonDocDB/StorageUsage": "0.1",
            "AmazonDocDB/StorageIOUsage": "0.1",
            "AmazonDocDB/BackupUsage": "0.1",
        },
        sets_price=(("storageType",),),
    ),
    Case(
        # 730 h x 0.3
        resource=resource(
            "aws:docdb/clusterInstance:ClusterInstance",
            uses={"clusterIdentifier": DOCUMENTS},
            instanceClass="db.r5.large",
        ),
        others=(DOCUMENTS,),
        prices={"AmazonDocDB/InstanceUsage:db.r5.large": "0.3"},
        desired_usd="219",
        sets_price=(("instanceClass",),),
    ),
    Case(
        resource=resource("aws:neptune/cluster:Cluster"),
        prices={
            "AmazonNeptune/StorageUsage": "0.1",
            "AmazonNeptune/StorageIOUsage": "0.1",
            "AmazonNeptune/BackupUsage": "0.1",
        },
    ),
    Case(
        # 730 h x 0.1
        resource=resource(
            "aws:neptune/clusterInstance:ClusterInstance",
            uses={"clusterIdentifier": GRAPHS},
            instanceClass="db.t3.medium",
        ),
        others=(GRAPHS,),
        prices={"AmazonNeptune/InstanceUsage:db.t3.medium": "0.1", "AmazonNeptune/CPUCredits:db.t3": "0.1"},
        desired_usd="73",
    ),
    Case(
        resource=resource("aws:rds/snapshot:Snapshot", uses={"dbInstanceIdentifier": PRIMARY}),
        others=(PRIMARY,),
        prices={"AmazonRDS/RDS:ChargedBackupUsage/PostgreSQL": "0.1"},
    ),
    Case(
        resource=resource("aws:rds/clusterSnapshot:ClusterSnapshot", uses={"dbClusterIdentifier": CLUSTER}),
        others=(CLUSTER,),
        prices={"AmazonRDS/Aurora:BackupUsage/Aurora PostgreSQL": "0.02"},
    ),
)
