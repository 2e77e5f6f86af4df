"""Keys, secrets, certificates, web firewalls, threat detection.

Usage types and attributes as in https://github.com/infracost/infracost/tree/master/internal/resources/aws
(read 2026-11-26).
"""

from decimal import Decimal

from costcheck.gate.estimate import Estimate
from costcheck.gate.types.lines import ONE, all_month, by_use, listed, monthly, only_by_use
from costcheck.gate.types.network import count_of
from costcheck.gate.view import Path, UnpriceableError, View
from costcheck.meters import Meter, meter
from costcheck.price_book import GLOBAL

KEY = meter("awskms", "KMS-Keys")
HSM_CLUSTER = "aws:cloudhsmv2/cluster:Cluster"
HSM_USAGE = {"hsm1.medium": "CloudHSMv2Usage", "hsm2m.medium": "CloudHSMv2Usage-hsm2m.m"}
SECRET = listed("AWSSecretsManager", "AWSSecretsManager-Secrets", "Secret-Months", "Secrets", productFamily="Secret")
SECRET_REQUESTS = listed("AWSSecretsManager", "AWSSecretsManagerAPIRequest", "Requests", productFamily="API Request")
PRIVATE_CA = {
    usage: listed("AWSCertificateManager", name, "CA-Months", "CertificateAuthorities")
    for usage, name in {
        "GENERAL_PURPOSE": "PaidPrivateCA",
        "SHORT_LIVED_CERTIFICATE": "ShortLivedCertificatePrivateCA",
    }.items()
}
GUARDED_EVENTS = listed("AmazonGuardDuty", "PaidEventsAnalyzed", "Events")
GUARDED_BYTES = listed("AmazonGuardDuty", "PaidEventsAnalyzed-Bytes", "GB")
WEB_ACL, WEB_ACL_RULE = "aws:wafv2/webAcl:WebAcl", "aws:wafv2/webAclRule:WebAclRule"
FIREWALL = "Web Application Firewall"
WITH_FEES = frozenset(
    {
        "AWSManagedRulesACFPRuleSet",
        "AWSManagedRulesAntiDDoSRuleSet",
        "AWSManagedRulesATPRuleSet",
        "AWSManagedRulesBotControlRuleSet",
    }
)
"""Groups of rules with fees of their own (https://aws.amazon.com/waf/pricing/)."""


def key(_: View) -> Estimate:
    """Return a customer-managed key; each of the first two rotations would add one, a year later."""
    return Estimate(components=(monthly("KMS key", KEY, ONE),))


def hsm(view: View) -> Estimate:
    """Return a hardware security module, whose type its cluster tells.

    Raises:
        UnpriceableError: The cluster is not in the plan, or its type is not known.
    """
    cluster = view.referred("clusterId", HSM_CLUSTER)
    if cluster is None:
        message = "the cluster of clusterId is not in the plan, so the type is not known"
        raise UnpriceableError(message)
    kind = cluster.text("hsmType")
    if kind not in HSM_USAGE:
        message = f"hsmType is {kind!r}, which is none of {', '.join(HSM_USAGE)}"
        raise UnpriceableError(message)
    hours = listed("CloudHSM", HSM_USAGE[kind], "Hours", productFamily="Dedicated-Host", operation="Hourly")
    return Estimate(components=(all_month(f"{kind} security module", hours),))


def secret(view: View) -> Estimate:
    """Return a secret, and each replica, which is charged as a secret."""
    copies = Decimal(1 + view.items("replicas"))
    return Estimate(components=(monthly("secret", SECRET, copies), by_use("requests for secrets", SECRET_REQUESTS)))


def private_ca(view: View) -> Estimate:
    """Return a private certificate authority; without a mode it is a general one, the dearer."""
    mode = view.text("usageMode", default="GENERAL_PURPOSE")
    if mode not in PRIVATE_CA:
        message = f"usageMode is {mode!r}, which is none of {', '.join(PRIVATE_CA)}"
        raise UnpriceableError(message)
    return Estimate(components=(monthly("private certificate authority", PRIVATE_CA[mode], ONE),))


def certificate(view: View) -> Estimate:
    """Return nothing: a public certificate that stays in AWS is free, and so is one that was brought along.

    Raises:
        UnpriceableError: It can be exported, or a private authority signs it: both are charged.
    """
    if view.has("options", "export") and view.text("options", "export") != "DISABLED":
        message = "options.export makes it one that is charged, and no price of that is built in"
        raise UnpriceableError(message)
    if view.has("certificateAuthorityArn") or not (view.has("validationMethod") or view.has("certificateBody")):
        message = "neither validationMethod nor certificateBody is in the plan: a private authority charges for it"
        raise UnpriceableError(message)
    return Estimate()


def firewall_meter(usage: str, unit: str, written: str, view: View) -> Meter:
    """Return a meter of web firewalls; those of CloudFront have one price for the whole world.

    Raises:
        UnpriceableError: The plan does not tell which it is.
    """
    scope = view.text("scope")
    if scope not in {"REGIONAL", "CLOUDFRONT"}:
        message = f"scope is {scope!r}, which is neither REGIONAL nor CLOUDFRONT"
        raise UnpriceableError(message)
    world = scope == "CLOUDFRONT"
    return Meter(
        service_code="awswaf",
        sku_meter=f"Global-{usage}" if world else usage,
        fields=(("productFamily", FIREWALL),),
        divisors=((written, 1),),
        pricing_unit=unit,
        region_id=GLOBAL if world else None,
    )


def web_acl(view: View) -> Estimate:
    """Return a web firewall and its rules; a group of rules counts as one.

    Raises:
        UnpriceableError: It says no rules and no rule refers to it, or a group of rules has fees of its own.
    """
    if view.has("ruleJson") or view.has("monetizationConfig"):
        message = "ruleJson or monetizationConfig is set, and no price of what it holds is built in"
        raise UnpriceableError(message)
    apart = view.dependents(WEB_ACL_RULE)
    rules = Decimal(view.items("rules")) if apart else count_of(view, "rules")
    for index in range(view.items("rules")):
        refuse_fees(view, ("rules", index, "statement"))
    return Estimate(
        components=(
            monthly("web firewall", firewall_meter("WebACLV2", "Months", "Month", view), ONE),
            monthly("rule of a web firewall", firewall_meter("RuleV2", "Rule-Months", "rule", view), rules),
            by_use("requests to a web firewall", firewall_meter("RequestV2-Tier1", "Requests", "Request", view)),
        )
    )


def web_acl_rule(view: View) -> Estimate:
    """Return one rule that is a resource of its own; the firewall that it belongs to tells where."""
    owner = view.referred("webAclArn", WEB_ACL)
    if owner is None:
        message = "the firewall of webAclArn is not in the plan, so its scope is not known"
        raise UnpriceableError(message)
    refuse_fees(view, ("statement",))
    by = firewall_meter("RuleV2", "Rule-Months", "rule", owner)
    return Estimate(components=(monthly("rule of a web firewall", by, ONE),))


def refuse_fees(view: View, path: Path) -> None:
    """Do nothing if a rule costs what every rule costs.

    Raises:
        UnpriceableError: Its statement is missing, or a group of rules that somebody charges for.
    """
    if not view.has(*path):
        message = f"{'.'.join(map(str, path))} is not in the plan, so nobody can tell what the rule is"
        raise UnpriceableError(message)
    managed = (*path, "managedRuleGroupStatement")
    if view.has(*managed):
        vendor, name = view.text(*managed, "vendorName"), view.text(*managed, "name")
        if vendor != "AWS" or name in WITH_FEES:
            message = f"the group of rules {vendor} {name} has fees of its own, and no price of those is built in"
            raise UnpriceableError(message)


def rule_group(view: View) -> Estimate:
    """Return the rules of a group, as often as firewalls in the plan use it, and at least once."""
    if view.has("rulesJson"):
        message = "rulesJson is set, and what it holds is not counted"
        raise UnpriceableError(message)
    uses = max(len(view.dependents(WEB_ACL)) + len(view.dependents(WEB_ACL_RULE)), 1)
    by = firewall_meter("RuleV2", "Rule-Months", "rule", view)
    return Estimate(components=(monthly("rule of a group", by, count_of(view, "rules") * uses),))


PRICED = {
    "aws:kms/key:Key": key,
    "aws:kms/externalKey:ExternalKey": key,
    "aws:kms/replicaKey:ReplicaKey": key,
    "aws:kms/replicaExternalKey:ReplicaExternalKey": key,
    "aws:cloudhsmv2/hsm:Hsm": hsm,
    "aws:secretsmanager/secret:Secret": secret,
    "aws:acmpca/certificateAuthority:CertificateAuthority": private_ca,
    "aws:acm/certificate:Certificate": certificate,
    "aws:guardduty/detector:Detector": only_by_use(
        by_use("events that GuardDuty reads", GUARDED_EVENTS), by_use("logs that GuardDuty reads", GUARDED_BYTES)
    ),
    WEB_ACL: web_acl,
    WEB_ACL_RULE: web_acl_rule,
    "aws:wafv2/ruleGroup:RuleGroup": rule_group,
}
