"""Helm itself is in tests/e2e; here a program in its place shows what it is called with."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from localcloud.standins.kubernetes import KubernetesProvider
from localcloud.standins.provider import Provider
from localcloud.standins.values import UNKNOWN, Tree, from_struct, secret, to_struct
from tests.localcloud.standins.engine_side import Engine

Serve = Callable[[Provider], Engine]
URN = "urn:pulumi:dev::project::kubernetes:helm.sh/v3:Release::mine"
KUBECONFIG = json.dumps(
    {
        "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }
)
INPUTS: Tree = {"name": "r", "namespace": "n", "chart": "c", "timeout": 7}
# Notes each command with its input; answers from a folder of files named by the command.
HELM = """#!/bin/sh
cd {folder}
echo "$@" >> called
case "$*" in *--values*) cat > values;; esac
[ -f $1.fail ] && {{ cat $1.fail >&2; exit 1; }}
[ -f $1.once ] && {{ cat $1.once; rm $1.once; exit; }}
[ -f $1.out ] && cat $1.out
exit 0
"""


class FakeHelm:
    """A program in Helm's place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.says("status", None)

    def says(self, command: str, status: str | None, *, values: Tree | None = None, once: bool = False) -> None:
        """What ``status`` and ``upgrade`` answer: a release, or that there is none."""
        (self.folder / f"{command}.fail").unlink(missing_ok=True)
        if status is None:
            self.fails(command, "Error: release: not found")
            return
        release = {"name": "r", "namespace": "n", "version": 3, "info": {"status": status}, "config": values}
        chart = {"metadata": {"name": "c", "version": "1.2.3", "appVersion": "4"}}
        (self.folder / f"{command}.{'once' if once else 'out'}").write_text(json.dumps({**release, "chart": chart}))

    def fails(self, command: str, words: str) -> None:
        (self.folder / f"{command}.fail").write_text(words)

    def renders(self, manifest: str) -> None:
        (self.folder / "template.out").write_text(manifest)

    @property
    def called(self) -> list[list[str]]:
        file = self.folder / "called"
        return [line.split() for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def commands(self) -> list[str]:
        return [words[0] for words in self.called]

    @property
    def values(self) -> Any:  # noqa: ANN401
        return json.loads((self.folder / "values").read_text())


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHelm:
    program = tmp_path / "helm"
    program.write_text(HELM.format(folder=tmp_path))
    program.chmod(0o700)
    monkeypatch.setenv("HELM", str(program))
    return FakeHelm(tmp_path)


@pytest.fixture
def side(engine: Serve, helm: FakeHelm) -> Engine:  # noqa: ARG001  -- found by the provider
    served = engine(KubernetesProvider())
    served.configure({"kubeconfig": KUBECONFIG})
    return served


def failures(side: Engine, inputs: Tree) -> dict[str, str]:
    answer = side.stub.Check(provider_pb2.CheckRequest(urn=URN, news=to_struct(inputs)))
    return {each.property: each.reason for each in answer.failures}


def test_a_check_renders_the_chart_and_keeps_a_checksum_and_the_objects_names(side: Engine, helm: FakeHelm) -> None:
    helm.renders(
        "kind: A\napiVersion: v1\nmetadata: {name: a}\n---\nkind: B\napiVersion: x/v1\nmetadata: {name: b}\n"
    )
    first = side.check(URN, INPUTS)
    assert first["resourceNames"] == {"A/v1": ["n/a"], "B/x/v1": ["n/b"]}
    helm.renders("kind: A\napiVersion: v1\nmetadata: {name: a, labels: {}}\n")
    assert side.check(URN, INPUTS)["checksum"] != first["checksum"]


def test_nothing_is_rendered_while_a_value_is_not_known(side: Engine, helm: FakeHelm) -> None:
    assert "checksum" not in side.check(URN, INPUTS | {"values": {"a": UNKNOWN}})
    assert helm.called == []


def test_a_chart_that_does_not_render_is_refused_in_helms_words_without_the_secrets(
    side: Engine, helm: FakeHelm
) -> None:
    helm.fails("template", "Error: at '/key': got hunter2secret, want number")
    told = failures(side, INPUTS | {"values": {"key": secret("hunter2secret")}})
    assert told == {"chart": "at '/key': got [secret], want number"}


def test_an_install_waits_and_passes_values_without_nulls(side: Engine, helm: FakeHelm) -> None:
    helm.says("upgrade", "deployed")
    inputs = INPUTS | {"values": {"a": secret({"b": None, "c": [1, None]})}, "atomic": True, "createNamespace": True}
    identifier, outputs = side.create(URN, inputs)
    words = helm.called[-1]
    assert words[:4] == ["upgrade", "r", "--install", "c"]
    assert {"--namespace", "n", "--wait", "--timeout", "7s", "--atomic", "--create-namespace"} <= set(words)
    assert helm.values == {"a": {"c": [1]}}
    assert identifier == "n/r"
    assert outputs["values"] == inputs["values"]
    assert outputs["status"] == {
        "appVersion": "4",
        "chart": "c",
        "name": "r",
        "namespace": "n",
        "revision": 3,
        "status": "deployed",
        "version": "1.2.3",
    }


def test_nulls_are_passed_when_asked_for(side: Engine, helm: FakeHelm) -> None:
    helm.says("upgrade", "deployed")
    side.create(URN, INPUTS | {"values": {"a": None}, "allowNullValues": True})
    assert helm.values == {"a": None}


def test_a_release_that_is_not_waited_for_is_not_waited_for(side: Engine, helm: FakeHelm) -> None:
    helm.says("upgrade", "deployed")
    side.create(URN, {"name": "r", "namespace": "n", "chart": "c", "skipAwait": True})
    assert not {"--wait", "--timeout"} & set(helm.called[-1])


def test_the_token_is_not_among_the_arguments_that_everyone_can_see(side: Engine, helm: FakeHelm) -> None:
    helm.says("upgrade", "deployed")
    side.create(URN, INPUTS)
    assert [words for words in helm.called if "--kubeconfig" in words]
    assert not [word for words in helm.called for word in words if word == "t" or "token" in word]


@pytest.mark.parametrize(
    ("left", "cleared"),
    [
        ("pending-install", "uninstall"),
        ("uninstalling", "uninstall"),
        ("pending-upgrade", "rollback"),
        ("pending-rollback", "rollback"),
        ("failed", None),
        ("deployed", None),
    ],
)
def test_what_an_interrupted_run_left_is_cleared_before_the_upgrade(
    side: Engine, helm: FakeHelm, left: str, cleared: str | None
) -> None:
    helm.says("status", left)
    helm.says("upgrade", "deployed")
    side.stub.Update(provider_pb2.UpdateRequest(urn=URN, id="n/r", news=to_struct(INPUTS)))
    assert helm.commands == ["status", *([cleared] if cleared else []), "upgrade"]


def unfinished(caught: pytest.ExceptionInfo[grpc.RpcError]) -> Any:  # noqa: ANN401
    details = next(each.value for each in caught.value.trailing_metadata() if each.key == "grpc-status-details-bin")
    failed = provider_pb2.ErrorResourceInitFailed()
    status_pb2.Status.FromString(bytes(details)).details[0].Unpack(failed)
    return failed


def test_an_install_that_failed_and_left_a_release_is_kept_with_its_reason(side: Engine, helm: FakeHelm) -> None:
    helm.fails("upgrade", "Error: no node has hunter2secret")
    helm.says("status", "failed")
    with pytest.raises(grpc.RpcError) as caught:
        side.create(URN, INPUTS | {"values": {"key": secret("hunter2secret")}})
    failed = unfinished(caught)
    assert (failed.id, list(failed.reasons)) == ("n/r", ["no node has [secret]"])
    assert from_struct(failed.properties)["status"]["status"] == "failed"


def test_an_install_that_failed_and_left_nothing_is_not_kept(side: Engine, helm: FakeHelm) -> None:
    helm.fails("upgrade", "Error: no such chart")
    with pytest.raises(grpc.RpcError) as caught:
        side.create(URN, INPUTS)
    assert caught.value.details() == "no such chart"


def read(side: Engine, inputs: Tree) -> tuple[str, Tree]:
    answer = side.stub.Read(provider_pb2.ReadRequest(urn=URN, id="n/r", inputs=to_struct(inputs)))
    return answer.id, from_struct(answer.inputs)


def test_values_changed_by_hand_show_in_the_inputs_and_stay_secret(side: Engine, helm: FakeHelm) -> None:
    inputs = INPUTS | {"values": {"a": 1, "key": secret("x")}}
    helm.says("status", "deployed", values={"a": 1, "key": "x"})
    assert read(side, inputs) == ("n/r", inputs)
    helm.says("status", "deployed", values={"a": 2, "key": "y"})
    assert read(side, inputs) == ("n/r", INPUTS | {"values": {"a": 2, "key": secret("y")}})


def test_a_release_that_is_gone_is_gone(side: Engine) -> None:
    assert read(side, INPUTS)[0] == ""


@pytest.mark.parametrize(("skip", "waits"), [(False, True), (True, False)])
def test_an_uninstall_waits_as_the_install_did(side: Engine, helm: FakeHelm, *, skip: bool, waits: bool) -> None:
    state = to_struct(INPUTS | {"skipAwait": skip})
    side.stub.Delete(provider_pb2.DeleteRequest(urn=URN, id="n/r", properties=state))
    assert helm.called[0][:4] == ["uninstall", "r", "--namespace", "n"]
    assert ("--wait" in helm.called[0]) is waits
