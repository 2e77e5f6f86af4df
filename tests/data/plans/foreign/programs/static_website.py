"""A website in S3 behind CloudFront: https://github.com/pulumi/examples/tree/master/aws-py-static-website."""

import pulumi
import pulumi_aws as aws

DOMAIN, ZONE_ID, TEN_MINUTES_S = "www.example.com", "Z0123456789ABCDEFGHIJ", 600

content = aws.s3.Bucket("contentBucket", bucket=DOMAIN)
website = aws.s3.BucketWebsiteConfiguration(
    "website", bucket=content.id, index_document={"suffix": "index.html"}, error_document={"key": "404.html"}
)
for page in ("index.html", "404.html"):
    aws.s3.BucketObject(
        page,
        key=page,
        bucket=content.id,
        content_type="text/html",
        source=pulumi.StringAsset(f"<h1>{page}</h1>"),
        opts=pulumi.ResourceOptions(parent=content),
    )
east = aws.Provider("east", region="us-east-1")
certificate = aws.acm.Certificate(
    "certificate", domain_name=DOMAIN, validation_method="DNS", opts=pulumi.ResourceOptions(provider=east)
)
option = certificate.domain_validation_options[0]
validation_record = aws.route53.Record(
    f"{DOMAIN}-validation",
    name=option.resource_record_name,
    zone_id=ZONE_ID,
    type=option.resource_record_type,
    records=[option.resource_record_value],
    ttl=TEN_MINUTES_S,
)
validation = aws.acm.CertificateValidation(
    "certificateValidation",
    certificate_arn=certificate.arn,
    validation_record_fqdns=[validation_record.fqdn],
    opts=pulumi.ResourceOptions(provider=east),
)
logs = aws.s3.Bucket("requestLogs", bucket=f"{DOMAIN}-logs")
cdn = aws.cloudfront.Distribution(
    "cdn",
    enabled=True,
    aliases=[DOMAIN],
    origins=[
        {
            "origin_id": content.arn,
            "domain_name": website.website_endpoint,
            "custom_origin_config": {
                "origin_protocol_policy": "http-only",
                "http_port": 80,
                "https_port": 443,
                "origin_ssl_protocols": ["TLSv1.2"],
            },
        }
    ],
    default_root_object="index.html",
    default_cache_behavior={
        "target_origin_id": content.arn,
        "viewer_protocol_policy": "redirect-to-https",
        "allowed_methods": ["GET", "HEAD", "OPTIONS"],
        "cached_methods": ["GET", "HEAD", "OPTIONS"],
        "forwarded_values": {"cookies": {"forward": "none"}, "query_string": False},
        "min_ttl": 0,
        "default_ttl": TEN_MINUTES_S,
        "max_ttl": TEN_MINUTES_S,
    },
    price_class="PriceClass_100",
    custom_error_responses=[{"error_code": 404, "response_code": 404, "response_page_path": "/404.html"}],
    viewer_certificate={"acm_certificate_arn": validation.certificate_arn, "ssl_support_method": "sni-only"},
    restrictions={"geo_restriction": {"restriction_type": "none"}},
    logging_config={"bucket": logs.bucket_domain_name, "include_cookies": False, "prefix": f"{DOMAIN}/"},
    wait_for_deployment=False,
)
aws.route53.Record(
    DOMAIN,
    name="www",
    zone_id=ZONE_ID,
    type="A",
    aliases=[{"name": cdn.domain_name, "zone_id": cdn.hosted_zone_id, "evaluate_target_health": True}],
)
pulumi.export("cloudfront_domain", cdn.domain_name)
