"""A warehouse that Glue fills: https://github.com/pulumi/examples/tree/master/aws-py-redshift-glue-etl."""

import json

import pulumi
import pulumi_aws as aws

USER, DATABASE, EVERY_15_MINUTES = "admin", "dev", "cron(0/15 * * * ? *)"
PASSWORD = pulumi.Config().require_secret("dbPassword")


def role(name: str, service: str, *policies: str) -> aws.iam.Role:
    """Return a role that a service takes on."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    return aws.iam.Role(
        name,
        assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        managed_policy_arns=[f"arn:aws:iam::aws:policy/{policy}" for policy in policies],
    )


events = aws.s3.Bucket("events", force_destroy=True)
vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", enable_dns_hostnames=True)
subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.1.0/24")
subnets = aws.redshift.SubnetGroup("subnet-group", subnet_ids=[subnet.id])
warehouse_role = role("redshift-role", "redshift.amazonaws.com", "AmazonS3ReadOnlyAccess")
aws.ec2.VpcEndpoint(
    "s3-vpc-endpoint",
    vpc_id=vpc.id,
    service_name="com.amazonaws.us-east-1.s3",
    route_table_ids=[vpc.main_route_table_id],
)
warehouse = aws.redshift.Cluster(
    "cluster",
    cluster_identifier="my-redshift-cluster",
    database_name=DATABASE,
    master_username=USER,
    master_password=PASSWORD,
    node_type="ra3.xlplus",
    cluster_subnet_group_name=subnets.name,
    cluster_type="single-node",
    publicly_accessible=False,
    skip_final_snapshot=True,
    vpc_security_group_ids=[vpc.default_security_group_id],
    iam_roles=[warehouse_role.arn],
)
glue_role = role("glue-role", "glue.amazonaws.com", "AmazonS3FullAccess", "service-role/AWSGlueServiceRole")
catalogue = aws.glue.CatalogDatabase("glue-catalog-db", name="my-glue-db")
aws.glue.Crawler(
    "glue-crawler",
    database_name=catalogue.name,
    role=glue_role.arn,
    schedule=EVERY_15_MINUTES,
    s3_targets=[{"path": pulumi.Output.concat("s3://", events.bucket)}],
)
connection = aws.glue.Connection(
    "glue-redshift-connection",
    connection_type="JDBC",
    connection_properties={
        "JDBC_CONNECTION_URL": pulumi.Output.concat("jdbc:redshift://", warehouse.endpoint, "/", DATABASE),
        "USERNAME": USER,
        "PASSWORD": PASSWORD,
    },
    physical_connection_requirements={
        "security_group_id_lists": warehouse.vpc_security_group_ids,
        "availability_zone": subnet.availability_zone,
        "subnet_id": subnet.id,
    },
)
scripts = aws.s3.Bucket("glue-job-bucket", force_destroy=True)
aws.s3.BucketObject("glue-job.py", bucket=scripts.id, source=pulumi.StringAsset("print('rows')\n"))
job = aws.glue.Job(
    "glue-job",
    role_arn=glue_role.arn,
    glue_version="3.0",
    connections=[connection.name],
    number_of_workers=10,
    worker_type="G.1X",
    default_arguments={"--job-bookmark-option": "job-bookmark-enable"},
    command={"script_location": pulumi.Output.concat("s3://", scripts.bucket, "/glue-job.py")},
)
aws.glue.Trigger("trigger", schedule=EVERY_15_MINUTES, type="SCHEDULED", actions=[{"job_name": job.name}])
