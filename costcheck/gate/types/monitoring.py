"""Logs, alarms, dashboards, trails, configuration records, traces, metrics.

Usage types and attributes as in https://github.com/infracost/infracost/tree/master/internal/resources/aws
(read 2026-11-26).
"""

from dataclasses import replace
from decimal import Decimal

from costcheck.gate.estimate import Estimate
from costcheck.gate.types.lines import ONE, by_use, listed, monthly, only_by_use
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import meter
from costcheck.price_book import GLOBAL

ALARM, FAST_ALARM, COMPOSITE_ALARM = (
    listed("AmazonCloudWatch", usage, "Alarm-Months", "Alarms", productFamily="Alarm")
    for usage in ("CW:AlarmMonitorUsage", "CW:HighResAlarmMonitorUsage", "CW:CompositeAlarmMonitorUsage")
)
DASHBOARD = replace(
    listed("AmazonCloudWatch", "DashboardsUsageHour", "Dashboard-Months", "Dashboards", productFamily="Dashboard"),
    region_id=GLOBAL,
)
CONFIG_ITEMS = listed("AWSConfig", "ConfigurationItemRecorded", "Items", "ConfigurationItemRecorded")
CONFIG_ITEMS_DAILY = listed("AWSConfig", "ConfigurationItemRecordedDaily", "Items", "ConfigurationItemRecorded")
CONFIG_RULES = listed("AWSConfig", "ConfigRuleEvaluations", "Evaluations", "ConfigRuleEvaluations")
TRAIL_COPIES = listed("AWSCloudTrail", "PaidEventsRecorded", "Events")
TRAIL_DATA = listed("AWSCloudTrail", "DataEventsRecorded", "Events")
CUSTOM_METRICS = listed(
    "AmazonCloudWatch", "CW:MetricMonitorUsage", "Metric-Months", "Metrics", productFamily="Metric"
)
TRACES = listed("AWSXRay", "XRay-TracesStored", "Traces", "traces")
SAMPLES = listed("AmazonPrometheus", "AMP:MetricSampleCount", "Samples", "Metric Datapoints")
SAMPLES_KEPT = listed("AmazonPrometheus", "AMP:MetricStorageByteHrs", "GB-Months")
EDITORS = listed("AmazonGrafana", "Grafana:EditorUser", "User-Months", "Users", productFamily="User Fees")
VIEWERS = listed("AmazonGrafana", "Grafana:ViewerUser", "User-Months", "Users", productFamily="User Fees")
FAST_SECONDS = 60
"""Below it an alarm is charged as one of high resolution."""
BANDS = frozenset({"LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"})
METRICS_OF_A_BAND = 3
"""An alarm on anomalies is charged for its metric and for both edges of its band."""


def metric_alarm(view: View) -> Estimate:
    """Return an alarm, charged for each metric that it watches.

    Raises:
        UnpriceableError: It watches a query, whose metrics nobody can count, or nothing that the plan shows.
    """
    if view.has("evaluationCriteria"):
        message = "evaluationCriteria is a query, and nobody can tell how many metrics it reads"
        raise UnpriceableError(message)
    queries = view.items("metricQueries")
    if queries:
        periods = [period for index in range(queries) for period in _queried(view, index)]
    else:
        view.text("metricName")
        periods = [view.number("period")]
    metrics = Decimal(max(len(periods), 1))
    if view.text("comparisonOperator") in BANDS:
        metrics *= METRICS_OF_A_BAND
    by = FAST_ALARM if min(periods, default=ONE) < FAST_SECONDS else ALARM
    return Estimate(components=(monthly("alarm, each metric", by, metrics),))


def _queried(view: View, index: int) -> list[Decimal]:
    """Return the period of the metric of one query, none for one that only reckons with others."""
    path = "metricQueries", index
    if view.has(*path, "metric"):
        return [view.number(*path, "metric", "period")]
    expression = view.text(*path, "expression")
    if "SELECT" in expression.upper() or "SEARCH" in expression.upper():
        message = f"metricQueries[{index}] is a query, and nobody can tell how many metrics it reads"
        raise UnpriceableError(message)
    return []


def recorder(view: View) -> Estimate:
    """Return what AWS Config records, by use."""
    mode = view.text("recordingMode", "recordingFrequency", default="CONTINUOUS")
    if mode not in {"CONTINUOUS", "DAILY"}:
        message = f"recordingMode.recordingFrequency is {mode!r}, which is neither CONTINUOUS nor DAILY"
        raise UnpriceableError(message)
    by = CONFIG_ITEMS if mode == "CONTINUOUS" else CONFIG_ITEMS_DAILY
    return Estimate(components=(by_use("configuration items", by),))


LOG_GROUP = only_by_use(
    by_use("logs taken in", meter("AmazonCloudWatch", "DataProcessing-Bytes")),
    by_use("logs kept", meter("AmazonCloudWatch", "TimedStorage-ByteHrs")),
)
CONFIG_RULE = only_by_use(by_use("evaluations of rules", CONFIG_RULES))


def composite_alarm(_: View) -> Estimate:
    """Return an alarm over other alarms."""
    return Estimate(components=(monthly("composite alarm", COMPOSITE_ALARM, ONE),))


def dashboard(_: View) -> Estimate:
    """Return a dashboard, as if the three of an account that are free were taken."""
    return Estimate(components=(monthly("dashboard", DASHBOARD, ONE),))


def grafana(_: View) -> Estimate:
    """Return a workspace: one editor, the least that is charged; more editors and viewers by use."""
    return Estimate(
        components=(
            monthly("first Grafana editor", EDITORS, ONE),
            by_use("Grafana viewers", VIEWERS),
        )
    )


PRICED = {
    "aws:cloudwatch/logGroup:LogGroup": LOG_GROUP,
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": only_by_use(by_use("metrics made from logs", CUSTOM_METRICS)),
    "aws:cloudwatch/metricAlarm:MetricAlarm": metric_alarm,
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": composite_alarm,
    "aws:cloudwatch/dashboard:Dashboard": dashboard,
    "aws:cloudtrail/trail:Trail": only_by_use(
        by_use("further copies of management events", TRAIL_COPIES), by_use("data events", TRAIL_DATA)
    ),
    "aws:cfg/recorder:Recorder": recorder,
    "aws:cfg/rule:Rule": CONFIG_RULE,
    "aws:cfg/organizationManagedRule:OrganizationManagedRule": CONFIG_RULE,
    "aws:cfg/organizationCustomRule:OrganizationCustomRule": CONFIG_RULE,
    "aws:cfg/organizationCustomPolicyRule:OrganizationCustomPolicyRule": CONFIG_RULE,
    "aws:xray/samplingRule:SamplingRule": only_by_use(by_use("traces", TRACES)),
    "aws:amp/workspace:Workspace": only_by_use(
        by_use("samples of metrics taken in", SAMPLES), by_use("samples of metrics kept", SAMPLES_KEPT)
    ),
    "aws:grafana/workspace:Workspace": grafana,
}
