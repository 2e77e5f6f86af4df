from collections.abc import Callable, Sequence
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from localcloud.standins.calls import Call, Checked, Created, Failure, Live, RefusedError, UnfinishedError
from localcloud.standins.diff import Change
from localcloud.standins.provider import Provider
from localcloud.standins.values import UNKNOWN, Tree, from_struct, secret, to_struct
from tests.localcloud.standins.engine_side import Engine

URN = "urn:pulumi:dev::project::my:Parent$shelf:index/book:Book::first::edition"
DIFF = provider_pb2.PropertyDiff


class Shelf(Provider):
    """Keeps books; a book with an empty title is refused, one without a page stays unfinished."""

    package = "shelf"
    version = "1.2.3"

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.config: Tree = {}

    def check_config(self, config: Tree) -> Sequence[Failure]:
        return [Failure(path=key, reason="unknown") for key in config if key != "room"]

    def config_replaces(self, old: Tree, new: Tree) -> Sequence[str]:
        return ["room"] if old.get("room") != new.get("room") else []

    def configure(self, config: Tree) -> None:
        self.config = config

    def check(self, call: Call) -> Checked:
        self.calls.append(call)
        failures = [] if call.inputs.get("title") else [Failure(path="title", reason="is empty")]
        return Checked(inputs={**call.inputs, "seed": call.seed.hex()}, failures=failures)

    def forces_replacement(self, call: Call, change: Change) -> bool:
        return call.inputs["title"] != "same" and change.path[0] == "author"

    def deletes_first(self, call: Call) -> bool:
        return bool(call.inputs["title"] == call.old_inputs["title"])

    def create(self, call: Call) -> Created:
        self.calls.append(call)
        if call.inputs["title"] == "banned":
            message = "this book is banned"
            raise RefusedError(message)
        if not call.inputs.get("pages"):
            raise UnfinishedError(
                resource_id="b1", outputs={"shelved": True}, inputs=call.inputs, reasons=["no page", "no end"]
            )
        return Created(resource_id="" if call.preview else "b1", outputs={**call.inputs, "shelved": True})

    def read(self, call: Call) -> Live | None:
        return None if call.resource_id == "gone" else Live(inputs=call.inputs, outputs={"shelved": True})

    def update(self, call: Call) -> Tree:
        self.calls.append(call)
        return call.inputs

    def delete(self, call: Call) -> None:
        self.calls.append(call)

    def invoke(self, token: str, args: Tree) -> Tree:
        return {"found": args["title"]} if token.endswith(":find") else super().invoke(token, args)


Serve = Callable[[Provider], Engine]


def test_a_call_knows_type_and_name_from_a_urn_with_parents_and_a_name_with_colons(engine: Serve) -> None:
    shelf = Shelf()
    engine(shelf).check(URN, {"title": "a"})
    assert (shelf.calls[0].type, shelf.calls[0].name) == ("shelf:index/book:Book", "first::edition")


def test_a_failure_of_check_names_its_property(engine: Serve) -> None:
    answer = engine(Shelf()).stub.Check(provider_pb2.CheckRequest(urn=URN))
    assert [(each.property, each.reason) for each in answer.failures] == [("title", "is empty")]


def test_secrets_and_unknowns_reach_the_provider_and_come_back_marked(engine: Serve) -> None:
    told = {"title": secret("a"), "pages": UNKNOWN}
    _, outputs = engine(Shelf()).create(URN, told, preview=True)
    assert outputs == {**told, "shelved": True}


def test_a_preview_is_told_as_one_and_has_no_id(engine: Serve) -> None:
    shelf = Shelf()
    book, _ = engine(shelf).create(URN, {"title": "a", "pages": 1}, preview=True)
    assert (book, shelf.calls[0].preview) == ("", True)


def test_a_refusal_reaches_the_user_word_for_word(engine: Serve) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        engine(Shelf()).create(URN, {"title": "banned"})
    assert caught.value.details() == "this book is banned"


def test_an_unfinished_resource_carries_its_id_state_and_reasons(engine: Serve) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        engine(Shelf()).create(URN, {"title": secret("a")})
    details = next(each.value for each in caught.value.trailing_metadata() if each.key == "grpc-status-details-bin")
    failed = provider_pb2.ErrorResourceInitFailed()
    status_pb2.Status.FromString(bytes(details)).details[0].Unpack(failed)
    assert (failed.id, list(failed.reasons)) == ("b1", ["no page", "no end"])
    assert from_struct(failed.properties) == {"shelved": True}
    assert from_struct(failed.inputs) == {"title": secret("a")}


def kinds(answer: Any) -> dict[str, str]:  # noqa: ANN401
    return {path: DIFF.Kind.Name(each.kind) for path, each in answer.detailedDiff.items()}


def test_a_diff_says_each_place_and_whether_it_replaces(engine: Serve) -> None:
    old = {"title": "a", "author": {"name": "x", "born": 1}, "tags": {"a.b": "1"}, "pages": 1}
    new = {"title": "b", "author": {"name": "y"}, "tags": {"a.b": "2"}, "pages": 1, "extra": [1]}
    answer = engine(Shelf()).diff(URN, old, new)
    assert kinds(answer) == {
        "author.born": "DELETE_REPLACE",
        "author.name": "UPDATE_REPLACE",
        "extra": "ADD",
        'tags["a.b"]': "UPDATE",
        "title": "UPDATE",
    }
    assert (answer.hasDetailedDiff, list(answer.replaces), answer.deleteBeforeReplace) == (True, ["author"], False)
    assert list(answer.diffs) == ["author", "extra", "tags", "title"]


def test_a_replacement_that_keeps_the_name_deletes_first(engine: Serve) -> None:
    answer = engine(Shelf()).diff(URN, {"title": "a", "author": 1}, {"title": "a", "author": 2})
    assert answer.deleteBeforeReplace


def test_the_same_inputs_are_no_change_whether_secret_or_not(engine: Serve) -> None:
    side = engine(Shelf())
    marked, bare = {"title": secret("a"), "pages": 1}, {"title": "a", "pages": 1}
    for old, new in ((marked, bare), (bare, marked), (marked, marked)):
        answer = side.diff(URN, old, new)
        assert (answer.changes, len(answer.detailedDiff)) == (provider_pb2.DiffResponse.DIFF_NONE, 0)


def test_an_ignored_path_and_what_lies_below_it_is_no_change(engine: Serve) -> None:
    old, new = {"title": "a", "tags": {"x": [1]}, "tagsets": 1}, {"title": "a", "tags": {"x": [2]}, "tagsets": 2}
    assert kinds(engine(Shelf()).diff(URN, old, new, ignored=("tags",))) == {"tagsets": "UPDATE"}


def test_a_resource_that_is_gone_reads_as_an_empty_id(engine: Serve) -> None:
    stub = engine(Shelf()).stub
    assert stub.Read(provider_pb2.ReadRequest(urn=URN, id="gone")).id == ""
    assert stub.Read(provider_pb2.ReadRequest(urn=URN, id="here")).id == "here"


def test_an_update_and_a_delete_have_what_state_holds(engine: Serve) -> None:
    shelf = Shelf()
    stub = engine(shelf).stub
    old, new = to_struct({"title": "a"}), to_struct({"title": "b"})
    stub.Update(provider_pb2.UpdateRequest(urn=URN, id="b1", olds=old, old_inputs=old, news=new, timeout=5))
    stub.Delete(provider_pb2.DeleteRequest(urn=URN, id="b1", properties=old, old_inputs=old))
    update, delete = shelf.calls
    assert (update.inputs, update.old_inputs, update.timeout_s) == ({"title": "b"}, {"title": "a"}, 5)
    assert (delete.resource_id, delete.outputs) == ("b1", {"title": "a"})


def test_a_function_answers_and_an_unknown_one_is_refused(engine: Serve) -> None:
    stub = engine(Shelf()).stub
    asked = to_struct({"title": "a"})
    answer = stub.Invoke(provider_pb2.InvokeRequest(tok="shelf:index:find", args=asked))
    assert from_struct(getattr(answer, "return")) == {"found": "a"}
    with pytest.raises(grpc.RpcError, match="shelf:index:lose is not a function"):
        stub.Invoke(provider_pb2.InvokeRequest(tok="shelf:index:lose", args=asked))


def test_a_changed_configuration_updates_the_provider_unless_it_says_otherwise(engine: Serve) -> None:
    side = engine(Shelf())
    assert kinds(side.diff_config({"room": 1, "light": 1}, {"room": 1, "light": 2})) == {"light": "UPDATE"}
    moved = side.diff_config({"room": 1}, {"room": 2})
    assert (kinds(moved), list(moved.replaces)) == ({"room": "UPDATE_REPLACE"}, ["room"])


def test_a_configuration_is_checked_before_it_is_taken(engine: Serve) -> None:
    answer = engine(Shelf()).stub.CheckConfig(provider_pb2.CheckRequest(news=to_struct({"rom": 1})))
    assert [each.property for each in answer.failures] == ["rom"]


def test_the_handshake_accepts_secrets_and_the_version_is_the_official_one(engine: Serve) -> None:
    stub = engine(Shelf()).stub
    assert stub.Handshake(provider_pb2.ProviderHandshakeRequest()).accept_secrets
    assert stub.GetPluginInfo(empty_pb2.Empty()).version == "1.2.3"
