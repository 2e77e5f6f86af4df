"""Keys, secrets, certificates, web firewalls, logs and alarms priced by hand."""

from costcheck.plan.records import Resource
from tests.costcheck.gate.types.registry import WORLD, Case, Json, resource

ACL, RULE, GROUP = "aws:wafv2/webAcl:WebAcl", "aws:wafv2/webAclRule:WebAclRule", "aws:wafv2/ruleGroup:RuleGroup"
CERTIFICATE, AUTHORITY = "aws:acm/certificate:Certificate", "aws:acmpca/certificateAuthority:CertificateAuthority"
SECRET, MODULE = "aws:secretsmanager/secret:Secret", "aws:cloudhsmv2/hsm:Hsm"
ALARM, RECORDER = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cfg/recorder:Recorder"
ADDON, PARAMETER = "aws:eks/addon:Addon", "aws:ssm/parameter:Parameter"
POLICY, APPLICATION_POLICY = "aws:autoscaling/policy:Policy", "aws:appautoscaling/policy:Policy"
HSM_CLUSTER = resource("aws:cloudhsmv2/cluster:Cluster", "hsms", hsmType="hsm2m.medium")
COUNT_RULE: Json = {"name": "geo", "statement": {"geoMatchStatement": {"countryCodes": ["US"]}}}
RULES_OF = "aws:cfg/organization{}:Organization{}"


def managed(name: str, vendor: str = "AWS") -> Json:
    return {"name": name, "statement": {"managedRuleGroupStatement": {"name": name, "vendorName": vendor}}}


def acl(scope: str = "REGIONAL", rules: Json = None) -> Resource:
    given = [COUNT_RULE, managed("AWSManagedRulesCommonRuleSet")] if rules is None else rules
    return resource(ACL, "front", scope=scope, rules=given)


def alarm(**changes: Json) -> Resource:
    inputs: Json = {"comparisonOperator": "GreaterThanThreshold", "metricName": "CPUUtilization", "period": 300}
    return resource(ALARM, **(inputs | changes))


def query(period: int) -> Json:
    return {"id": f"m{period}", "metric": {"metricName": "CPUUtilization", "period": period}}


FRONT, WITHOUT_RULES = acl(), resource(ACL, "front", scope="REGIONAL")
REGIONAL = {"awswaf/WebACLV2": "5", "awswaf/RuleV2": "1", "awswaf/RequestV2-Tier1": "0.0000006"}
EVERYWHERE = {f"{WORLD}{key.replace('/', '/Global-')}": usd for key, usd in REGIONAL.items()}
ALARMS = {"AmazonCloudWatch/CW:AlarmMonitorUsage": "0.1", "AmazonCloudWatch/CW:HighResAlarmMonitorUsage": "0.3"}
RULE_PRICE = {"AWSConfig/ConfigRuleEvaluations": "0.001"}
KEYS = ("key:Key", "externalKey:ExternalKey", "replicaKey:ReplicaKey", "replicaExternalKey:ReplicaExternalKey")

SECURITY = (
    *(
        Case(resource=resource(f"aws:kms/{name}", description="d"), prices={"awskms/KMS-Keys": "1"}, desired_usd="1")
        for name in KEYS
    ),
    Case(
        # 730 h x 1.5
        resource=resource(MODULE, uses={"clusterId": HSM_CLUSTER}),
        others=(HSM_CLUSTER,),
        prices={"CloudHSM/CloudHSMv2Usage-hsm2m.m": "1.5"},
        desired_usd="1095",
    ),
    Case(
        # the secret and 2 replicas x 0.4
        resource=resource(SECRET, replicas=[{"region": "eu-west-1"}, {"region": "eu-west-2"}]),
        prices={
            "AWSSecretsManager/AWSSecretsManager-Secrets": "0.4",
            "AWSSecretsManager/AWSSecretsManagerAPIRequest": "0.000005",
        },
        desired_usd="1.2",
        sets_price=(("replicas",),),
    ),
    Case(
        resource=resource(AUTHORITY, usageMode="GENERAL_PURPOSE"),
        prices={"AWSCertificateManager/PaidPrivateCA": "400"},
        desired_usd="400",
        sets_price=(("usageMode",),),
    ),
    Case(
        resource=resource(AUTHORITY, usageMode="SHORT_LIVED_CERTIFICATE"),
        prices={"AWSCertificateManager/ShortLivedCertificatePrivateCA": "50"},
        desired_usd="50",
    ),
    Case(resource=resource(CERTIFICATE, validationMethod="DNS", domainName="example.com"), prices={}),
    Case(
        resource=resource("aws:guardduty/detector:Detector", enable=True),
        prices={
            "AmazonGuardDuty/PaidEventsAnalyzed": "0.000004",
            "AmazonGuardDuty/PaidEventsAnalyzed-Bytes": "1",
        },
    ),
    Case(
        # 5, and 2 rules x 1
        resource=FRONT,
        prices=REGIONAL,
        desired_usd="7",
        sets_price=(("scope",), ("rules",), ("rules", 1, "statement", "managedRuleGroupStatement", "name")),
    ),
    Case(resource=acl("CLOUDFRONT"), prices=EVERYWHERE, desired_usd="7"),
    Case(
        # 5; its rule is a resource of its own
        resource=WITHOUT_RULES,
        others=(resource(RULE, uses={"webAclArn": WITHOUT_RULES}, statement=COUNT_RULE["statement"]),),
        prices=REGIONAL,
        desired_usd="5",
    ),
    Case(
        resource=resource(RULE, uses={"webAclArn": FRONT}, statement=COUNT_RULE["statement"]),
        others=(FRONT,),
        prices=REGIONAL,
        desired_usd="1",
    ),
    Case(
        # 2 rules x 1
        resource=resource(GROUP, scope="REGIONAL", rules=[COUNT_RULE, COUNT_RULE]),
        prices=REGIONAL,
        desired_usd="2",
        sets_price=(("scope",), ("rules",)),
    ),
)
MONITORING = (
    Case(
        resource=resource("aws:cloudwatch/logGroup:LogGroup", retentionInDays=30),
        prices={"AmazonCloudWatch/DataProcessing-Bytes": "0.5", "AmazonCloudWatch/TimedStorage-ByteHrs": "0.03"},
    ),
    Case(
        resource=resource("aws:cloudwatch/logMetricFilter:LogMetricFilter", pattern="ERROR"),
        prices={"AmazonCloudWatch/CW:MetricMonitorUsage": "0.3"},
    ),
    Case(
        resource=alarm(),
        prices=ALARMS,
        desired_usd="0.1",
        sets_price=(("comparisonOperator",), ("metricName",), ("period",)),
    ),
    Case(resource=alarm(period=10), prices=ALARMS, desired_usd="0.3"),
    Case(
        # a band counts three times
        resource=alarm(comparisonOperator="LessThanLowerOrGreaterThanUpperThreshold"),
        prices=ALARMS,
        desired_usd="0.3",
    ),
    Case(
        # 2 metrics, one of them fast: 2 x 0.3; the sum of both is no metric
        resource=resource(
            ALARM,
            comparisonOperator="GreaterThanThreshold",
            metricQueries=[query(60), query(10), {"id": "sum", "expression": "m60 + m10"}],
        ),
        prices=ALARMS,
        desired_usd="0.6",
        sets_price=(
            ("metricQueries",),
            ("metricQueries", 0, "metric", "period"),
            ("metricQueries", 2, "expression"),
        ),
    ),
    Case(
        resource=resource("aws:cloudwatch/compositeAlarm:CompositeAlarm", alarmRule="ALARM(a)"),
        prices={"AmazonCloudWatch/CW:CompositeAlarmMonitorUsage": "0.5"},
        desired_usd="0.5",
    ),
    Case(
        resource=resource("aws:cloudwatch/dashboard:Dashboard", dashboardBody="{}"),
        prices={f"{WORLD}AmazonCloudWatch/DashboardsUsageHour": "3"},
        desired_usd="3",
    ),
    Case(
        resource=resource("aws:cloudtrail/trail:Trail", s3BucketName="b"),
        prices={"AWSCloudTrail/PaidEventsRecorded": "0.00002", "AWSCloudTrail/DataEventsRecorded": "0.000001"},
    ),
    Case(
        resource=resource(RECORDER, recordingMode={"recordingFrequency": "CONTINUOUS"}),
        prices={"AWSConfig/ConfigurationItemRecorded": "0.003"},
        sets_price=(("recordingMode", "recordingFrequency"),),
    ),
    Case(
        resource=resource(RECORDER, recordingMode={"recordingFrequency": "DAILY"}),
        prices={"AWSConfig/ConfigurationItemRecordedDaily": "0.012"},
        dearer_without=(("recordingMode", "recordingFrequency"), ("recordingMode",)),
    ),
    Case(resource=resource("aws:cfg/rule:Rule", name="r"), prices=RULE_PRICE),
    *(
        Case(resource=resource(RULES_OF.format(kind, kind), name="r"), prices=RULE_PRICE)
        for kind in ("ManagedRule", "CustomRule", "CustomPolicyRule")
    ),
    Case(
        resource=resource("aws:xray/samplingRule:SamplingRule", fixedRate=1),
        prices={"AWSXRay/XRay-TracesStored": "0.000005"},
    ),
    Case(
        resource=resource("aws:amp/workspace:Workspace", alias="a"),
        prices={
            "AmazonPrometheus/AMP:MetricSampleCount": "0.0000000009",
            "AmazonPrometheus/AMP:MetricStorageByteHrs": "0.03",
        },
    ),
    Case(
        resource=resource("aws:grafana/workspace:Workspace", name="g"),
        prices={"AmazonGrafana/Grafana:EditorUser": "9", "AmazonGrafana/Grafana:ViewerUser": "5"},
        desired_usd="9",
    ),
)
FREE_BY_VALUE = (
    Case(resource=resource(ADDON, addonName="vpc-cni"), prices={}, sets_price=(("addonName",),)),
    Case(resource=resource(PARAMETER, tier="Standard"), prices={}, sets_price=(("tier",),)),
    Case(
        resource=resource(POLICY, predictiveScalingConfiguration={"maxCapacityBreachBehavior": "HonorMaxCapacity"}),
        prices={},
        sets_price=(("predictiveScalingConfiguration", "maxCapacityBreachBehavior"),),
    ),
    Case(resource=resource(APPLICATION_POLICY, policyType="TargetTrackingScaling"), prices={}),
)
CASES = (*SECURITY, *MONITORING, *FREE_BY_VALUE)
