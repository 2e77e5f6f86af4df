"""A bucket over real HTTP, in moto's server: found by the index of tags, counted, and removed as printed."""

import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from costcheck.sources.leftovers.calls import Account, open_clients
from costcheck.sources.leftovers.marks import Marks
from costcheck.sources.leftovers.stores import fetch_buckets
from costcheck.sources.leftovers.tagged import fetch_tagged
from costcheck.sources.leftovers.things import Thing

STACK_TAG = {"Key": "worthwhile:stack", "Value": "dev"}
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = ENVIRONMENT | {"AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    forget = urllib.request.Request(f"{environment['AWS_ENDPOINT_URL']}/moto-api/reset", method="POST")  # noqa: S310
    urllib.request.urlopen(forget).close()  # noqa: S310  -- what other tests of this process left in moto
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    yield environment
    server.stop()


def buckets() -> list[Thing]:
    clients, marks = open_clients("us-east-1"), Marks(stack="dev", cluster="llm-dev")
    return fetch_buckets(
        Account(
            clients=clients,
            account_id="123456789012",
            partition="aws",
            region_id="us-east-1",
            marks=marks,
            tagged=fetch_tagged(clients["resourcegroupstaggingapi"], marks),
        )
    )


def test_a_versioned_bucket_is_found_full_and_the_printed_command_removes_it(environment: dict[str, str]) -> None:
    s3: Any = boto3.client("s3")
    s3.create_bucket(Bucket="weights")
    s3.put_bucket_tagging(Bucket="weights", Tagging={"TagSet": [STACK_TAG]})
    s3.put_bucket_versioning(Bucket="weights", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"old", b"new!"):
        s3.put_object(Bucket="weights", Key="model.safetensors", Body=body)
    s3.delete_object(Bucket="weights", Key="model.safetensors")
    s3.create_multipart_upload(Bucket="weights", Key="half")

    s3.create_bucket(Bucket="somebody-elses")

    (bucket,) = buckets()

    assert bucket.what == "bucket, 2 object versions of 7 bytes, 1 delete markers, 1 unfinished uploads"
    words = shlex.split(bucket.remove)
    emptying = words[2].replace("bucket.delete()", "pass")
    subprocess.run([sys.executable, "-c", emptying], check=True, env=environment)  # noqa: S603 - a part of the command
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="weights")
    subprocess.run([sys.executable, *words[1:]], check=True, env=environment)  # noqa: S603 - the command as printed
    assert [row["Name"] for row in s3.list_buckets()["Buckets"]] == ["somebody-elses"]
