"""Glue, Athena, EMR Serverless by use; Airflow (MWAA) by the hour."""

from decimal import Decimal

from costcheck.gate.estimate import Estimate
from costcheck.gate.types.lines import all_month, by_use, listed, only_by_use
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter

GLUE, AIRFLOW, EMR = "AWSGlue", "AmazonMWAA", "ElasticMapReduce"
SIZES = {"mw1.small": "Small", "mw1.medium": "Medium", "mw1.large": "Large"}
INCLUDED_SCHEDULERS, INCLUDED_WEB_SERVERS = 2, 2
"""What an environment of these sizes includes, with one worker
(https://aws.amazon.com/managed-workflows-for-apache-airflow/pricing/)."""
NEWER_FROM = 6
CRAWLS = listed(GLUE, "Crawler-DPU-Hour", "DPU-Hours", "DPU-Hour", operation="CrawlerRun")
CATALOG_OBJECTS = listed(GLUE, "Catalog-Storage", "Object-Months", "Obj-Month", "Objects", "Object-Month")
CATALOG_REQUESTS = listed(GLUE, "Catalog-Request", "Requests")
SCANNED = listed("AmazonAthena", "DataScannedInTB", "TB", "Terabytes", productFamily="Athena Queries")


def glue_job(view: View) -> Estimate:
    """Return a job, by the hours that its workers run; Glue 6 has prices of its own."""
    version = view.text("glueVersion", default="")
    newer = "-Gen2" if version.partition(".")[0].isdecimal() and int(version.partition(".")[0]) >= NEWER_FROM else ""
    flexible = view.text("executionClass", default="STANDARD") == "FLEX"
    usage, operation = ("ETL-Flex-DPU-Hour", "FlexJobrun") if flexible else ("ETL-DPU-Hour", "Jobrun")
    meter = listed(GLUE, f"{usage}{newer}", "DPU-Hours", "DPU-Hour", operation=operation)
    return Estimate(components=(by_use("run time of jobs", meter),))


def airflow(view: View) -> Estimate:
    """Return an environment with its workers and schedulers beyond those that it includes."""
    environment_class = view.text("environmentClass", default="mw1.small")
    if environment_class not in SIZES:
        message = f"no price of an environment of class {environment_class[:60]!r} is built in"
        raise UnpriceableError(message)
    _require_included_servers(view)
    size = SIZES[environment_class]
    least = view.number("minWorkers", default=1)
    most = max(least, view.number("maxWorkers", default=10))
    schedulers = view.number("schedulers", default=INCLUDED_SCHEDULERS) - INCLUDED_SCHEDULERS
    scheduler = (all_month("scheduler beyond two", _airflow(size, "Scheduler"), schedulers),)
    return Estimate(
        components=(
            all_month(f"Airflow environment, {size.lower()}", _airflow(size, "Environment")),
            all_month("worker beyond one", _airflow(size, "Worker"), max(least - 1, Decimal(0)), most - 1),
            *(scheduler if schedulers > 0 else ()),
            by_use("metadata", listed(AIRFLOW, "Airflow-StandardDatabaseStorage", "GB-Months")),
        )
    )


def _airflow(size: str, kind: str) -> Meter:
    return listed(AIRFLOW, f"Airflow-{size}{kind}", "Hours", size=size, type=kind)


def _require_included_servers(view: View) -> None:
    servers = [view.number(name, default=INCLUDED_WEB_SERVERS) for name in ("minWebservers", "maxWebservers")]
    if max(servers) > INCLUDED_WEB_SERVERS:
        message = "no price of web servers beyond two is built in"
        raise UnpriceableError(message)


def emr_serverless(view: View) -> Estimate:
    """Return an application, by what its workers use; x86, the dearer architecture, where nothing says another."""
    arm = "ARM-" if view.text("architecture", default="X86_64") == "ARM64" else ""
    if view.has("initialCapacities"):
        message = "workers that are kept warm are charged as long as the application is started, which nothing tells"
        raise UnpriceableError(message)
    family = "EMR Serverless"
    cpu = listed(
        EMR, f"EMR-SERVERLESS-{arm}vCPUHours", "vCPU-Hours", "vCPUHours", "hours", "Hrs", productFamily=family
    )
    memory = listed(EMR, f"EMR-SERVERLESS-{arm}MemoryGBHours", "GB-Hours", "GBHours", "Hrs", productFamily=family)
    return Estimate(components=(by_use("vCPUs of workers", cpu), by_use("memory of workers", memory)))


CATALOG = only_by_use(by_use("catalogue objects", CATALOG_OBJECTS), by_use("catalogue requests", CATALOG_REQUESTS))
PRICED = {
    "aws:glue/job:Job": glue_job,
    "aws:glue/crawler:Crawler": only_by_use(by_use("run time of crawlers", CRAWLS)),
    "aws:glue/catalogDatabase:CatalogDatabase": CATALOG,
    "aws:glue/catalogTable:CatalogTable": CATALOG,
    "aws:athena/workgroup:Workgroup": only_by_use(by_use("data scanned", SCANNED)),
    "aws:emrserverless/application:Application": emr_serverless,
    "aws:mwaa/environment:Environment": airflow,
}
