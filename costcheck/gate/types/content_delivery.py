"""What has one price for the whole world: DNS zones, health checks, CloudFront.

Usage types and attributes as in https://github.com/infracost/infracost/tree/master/internal/resources/aws
(read 2026-11-26).
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.types.lines import ONE, by_use, listed, monthly
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter
from costcheck.price_book import GLOBAL


def worldwide(meter: Meter) -> Meter:
    """Return a meter whose only price holds in every region."""
    return replace(meter, region_id=GLOBAL)


ZONE = worldwide(
    listed("AmazonRoute53", "HostedZone", "Hosted Zone-Months", "HostedZone", "Mo", productFamily="DNS Zone")
)
QUERIES = worldwide(listed("AmazonRoute53", "DNS-Queries", "Queries", productFamily="DNS Query"))
CHECK = worldwide(
    listed(
        "AmazonRoute53", "Health-Check-Non-AWS", "Health Check-Months", "Mo", "Health Checks",
        productFamily="DNS Health Check",
    )
)  # fmt: skip
CHECK_OPTION = worldwide(
    listed(
        "AmazonRoute53", "Health-Check-Option-Non-AWS", "Health Check Option-Months", "Mo", "Health Checks",
        productFamily="DNS Health Check",
    )
)  # fmt: skip
"""A plan does not tell whether AWS hosts what is checked: outside of AWS is the dearer of the two prices."""
NEAR = ("US", "EU")
PRICE_CLASSES = {
    "PriceClass_100": NEAR,
    "PriceClass_200": (*NEAR, "AP", "JP", "IN", "ZA"),
    "PriceClass_All": (*NEAR, "AP", "JP", "IN", "ZA", "AU", "SA"),
}
"""Edge locations by CloudFront's price classes, in the words of its usage types
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PriceClass.html)."""
NO_ENDPOINT = frozenset({"CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL"})
FAST_SECONDS, SLOW_SECONDS = 10, 30


def zone(view: View) -> Estimate:
    """Return a hosted zone at the price of the first 25 of an account; private zones answer queries for nothing."""
    if view.flag("enableAcceleratedRecovery", default=False):
        message = "enableAcceleratedRecovery is true, and no price of that is built in"
        raise UnpriceableError(message)
    return Estimate(components=(monthly("hosted zone", ZONE, ONE), by_use("DNS queries", QUERIES)))


def health_check(view: View) -> Estimate:
    """Return a health check, and each of its four features that are charged, as if it were outside of AWS."""
    options = Decimal(sum(_options(view)))
    features = (monthly("feature of a health check", CHECK_OPTION, options),) if options else ()
    return Estimate(components=(monthly("health check", CHECK, ONE), *features))


def _options(view: View) -> Iterator[bool]:
    kind = view.text("type")
    yield kind.startswith("HTTPS")
    yield kind.endswith("STR_MATCH")
    if kind not in NO_ENDPOINT:
        interval = view.number("requestInterval")
        if interval not in {FAST_SECONDS, SLOW_SECONDS}:
            message = f"requestInterval is {interval}, which is neither {FAST_SECONDS} nor {SLOW_SECONDS}"
            raise UnpriceableError(message)
        yield interval == FAST_SECONDS
        yield view.flag("measureLatency")


def distribution(view: View) -> Estimate:
    """Return what a distribution delivers from each part of the world that its price class allows.

    Raises:
        UnpriceableError: It has a certificate with addresses of its own, which is charged by the month.
    """
    certificate = "viewerCertificate"
    if not view.flag(certificate, "cloudfrontDefaultCertificate", default=False):
        method = view.text(certificate, "sslSupportMethod")
        if method != "sni-only":
            message = f"{certificate}.sslSupportMethod is {method!r}, and no price of that is built in"
            raise UnpriceableError(message)
    price_class = view.text("priceClass", default="PriceClass_All")
    if price_class not in PRICE_CLASSES:
        message = f"priceClass is {price_class!r}, which is none of {', '.join(PRICE_CLASSES)}"
        raise UnpriceableError(message)
    return Estimate(components=tuple(part for place in PRICE_CLASSES[price_class] for part in _delivered(place)))


def _delivered(place: str) -> tuple[Component, Component]:
    gigabytes = worldwide(listed("AmazonCloudFront", f"{place}-DataTransfer-Out-Bytes", "GB"))
    requests = worldwide(listed("AmazonCloudFront", f"{place}-Requests-Tier2-HTTPS", "Requests"))
    return by_use(f"CloudFront traffic ({place})", gigabytes), by_use(f"CloudFront requests ({place})", requests)


PRICED = {
    "aws:route53/zone:Zone": zone,
    "aws:route53/healthCheck:HealthCheck": health_check,
    "aws:cloudfront/distribution:Distribution": distribution,
}
