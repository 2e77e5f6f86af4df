"""A website in one bucket: https://github.com/pulumi/examples/tree/master/aws-py-s3-folder."""

import json

import pulumi
import pulumi_aws as aws

bucket = aws.s3.Bucket("s3-website-bucket")
website = aws.s3.BucketWebsiteConfiguration("website", bucket=bucket.id, index_document={"suffix": "index.html"})
for page in ("index.html", "favicon.png"):
    aws.s3.BucketObject(page, bucket=bucket.id, source=pulumi.StringAsset(page))


def public_read(name: str) -> str:
    """Return a policy that lets everybody read."""
    everybody = {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [everybody | {"Resource": [f"arn:aws:s3:::{name}/*"]}]})


aws.s3.BucketPolicy("bucket-policy", bucket=bucket.id, policy=bucket.id.apply(public_read))
pulumi.export("website_url", website.website_endpoint)
