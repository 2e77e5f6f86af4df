"""A pretend account of its own for each test, behind a real gRPC channel and a real HTTP server."""

import os
import threading
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import boto3
import grpc
import pytest
from pulumi.runtime.proto import provider_pb2_grpc
from werkzeug.serving import make_server

from localcloud.account.provider import AwsProvider
from localcloud.account.server import AccountServer
from localcloud.account.store import Account
from localcloud.paths import Home
from tests.localcloud.account.engine_side import Engine

ACCESS_KEY = "AKIALOCALCLOUD000000"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(root=tmp_path / "home", tools=tmp_path / "tools")


@pytest.fixture
def account(home: Home) -> Account:
    return Account(home.account_file)


@pytest.fixture
def engine(home: Home) -> Iterator[Engine]:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(AwsProvider(home), server)
    channel = grpc.insecure_channel(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
    server.start()
    yield Engine(provider_pb2_grpc.ResourceProviderStub(channel))
    channel.close()
    server.stop(None)


@pytest.fixture
def endpoint(home: Home) -> Iterator[str]:
    """The address of the account's HTTP server."""
    server = make_server("127.0.0.1", 0, AccountServer(home), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def session() -> boto3.Session:
    secret_key = "of an account that does not exist"  # noqa: S105
    return boto3.Session(aws_access_key_id=ACCESS_KEY, aws_secret_access_key=secret_key, region_name="us-east-1")


@pytest.fixture
def shell(endpoint: str) -> dict[str, str]:
    """The environment in which the `aws` command reaches the account."""
    return {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": "localcloud",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
