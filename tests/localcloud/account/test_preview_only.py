"""Types that the account does not know: previewed by what the SDK says of them, and never made."""

from collections.abc import Iterator
from concurrent import futures

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2_grpc

from localcloud.account.preview_only import PreviewOnlyProvider
from localcloud.paths import Home
from localcloud.standins.values import ARCHIVE, SIGNATURE, UNKNOWN
from tests.localcloud.account.engine_side import Engine, RefusedByProviderError

DATABASE, FUNCTION, RECORD = "aws:rds/instance:Instance", "aws:lambda/function:Function", "aws:route53/record:Record"


@pytest.fixture
def any_type(home: Home) -> Iterator[Engine]:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(PreviewOnlyProvider(home), server)
    channel = grpc.insecure_channel(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
    server.start()
    yield Engine(provider_pb2_grpc.ResourceProviderStub(channel))
    channel.close()
    server.stop(None)


def test_a_preview_knows_the_inputs_and_no_other_output(any_type: Engine) -> None:
    outputs = any_type.preview(DATABASE, "db", {"instanceClass": "db.t3.micro", "engine": "mysql"})
    assert outputs["instanceClass"] == "db.t3.micro"
    assert outputs["arn"] == outputs["endpoint"] == UNKNOWN


def test_making_such_a_type_is_refused(any_type: Engine) -> None:
    with pytest.raises(RefusedByProviderError, match="localcloud can preview it, and not make it"):
        any_type.make(DATABASE, "db", instanceClass="db.t3.micro")


def test_inputs_are_held_against_the_sdk(any_type: Engine) -> None:
    _, failures = any_type.check(DATABASE, "db", {"allocatedStorage": "ten", "colour": "blue"})
    named = {failure.partition(":")[0] for failure in failures}
    assert named == {"allocatedStorage", "colour", "instanceClass"}


def test_a_file_is_taken_where_the_sdk_takes_one(any_type: Engine) -> None:
    archive = {SIGNATURE: ARCHIVE, "hash": "", "assets": {}}
    _, taken = any_type.check(FUNCTION, "hello", {"role": "r", "code": archive})
    _, refused = any_type.check(FUNCTION, "hello", {"role": archive})
    assert taken == []
    assert refused[0].startswith("role: got dict")


def test_a_type_of_no_sdk_is_refused(any_type: Engine) -> None:
    _, failures = any_type.check("aws:rds/palace:Palace", "db", {})
    assert failures == [": pulumi_aws has no aws:rds/palace:Palace"]


def test_a_resource_is_named_where_its_type_takes_a_name_that_it_does_not_demand(any_type: Engine) -> None:
    named, _ = any_type.check(FUNCTION, "hello", {"role": "r"})
    demanded, failures = any_type.check(RECORD, "www", {"type": "A", "zoneId": "z"})
    assert named["name"].startswith("hello-")
    assert "name" not in demanded
    assert failures == ["name: required, missing"]


def test_a_type_that_the_account_knows_is_held_to_the_rules_of_aws_as_ever(any_type: Engine) -> None:
    _, failures = any_type.check("aws:kms/key:Key", "key", {"deletionWindowInDays": 7, "customerMasterKeySpec": "?"})
    assert len(failures) == 1
    assert "is not one of" in failures[0]
