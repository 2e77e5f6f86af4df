"""A pretend engine for the components' tests: it records what is registered and answers what is looked up."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))  # run from their folder, and no package

PROJECT, STACK = "worthwhile", "test"
ACCOUNT, REGION = "123456789012", "us-east-1"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")

Answer = Mapping[str, Any] | Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """One resource as the program registered it; `inputs` has the provider's names (camelCase)."""

    token: str
    name: str
    inputs: Mapping[str, Any]
    provider: str


@dataclass(slots=True)
class PretendCloud(Mocks):
    """What the engine would know.

    Attributes:
        resources: Everything registered, in order.
        outputs: Computed outputs by type token, on top of the inputs.
        answers: Answer of each function by token, or a function of its arguments; any other call is an error.
    """

    resources: list[Registered] = field(default_factory=list)
    outputs: dict[str, Answer] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.resources.append(
            Registered(token=args.typ, name=args.name, inputs=args.inputs, provider=args.provider or "")
        )
        computed = {"arn": f"arn:aws:{_service(args.typ)}:{REGION}:{ACCOUNT}:{args.name}", "name": args.name}
        return f"{args.name}-id", {**computed, **args.inputs, **_answer(self.outputs.get(args.typ, {}), args.inputs)}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return dict(_answer(self.answers[args.token], args.args)), []

    def of(self, token: str) -> list[Registered]:
        """Return what was registered under a type token, such as `aws:eks/cluster:Cluster`."""
        return [resource for resource in self.resources if resource.token == token]

    def one(self, token: str, name: str | None = None) -> Registered:
        """Return the only resource of a type, or the only one of that name."""
        found = [resource for resource in self.of(token) if name in (None, resource.name)]
        assert len(found) == 1, f"{token} {name or ''}: {[resource.name for resource in found]}"
        return found[0]

    def deploy(self, program: Callable[[], object]) -> "PretendCloud":
        """Run a program that registers resources, wait for all of them, and return this cloud.

        Raises:
            Exception: As the program, or one of its applies, raised it.
        """
        pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
        return self


@pytest.fixture
def event_loops(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the test an event loop, and close it with those that Pulumi opens in its threads and leaves behind."""
    opened: list[asyncio.AbstractEventLoop] = []
    new_event_loop = asyncio.new_event_loop

    def remember() -> asyncio.AbstractEventLoop:
        opened.append(new_event_loop())
        return opened[-1]

    monkeypatch.setattr(asyncio, "new_event_loop", remember)
    main = remember()
    asyncio.set_event_loop(main)
    yield
    # The stack's own registration, which nobody waits for in a test that deploys nothing.
    main.run_until_complete(asyncio.gather(*asyncio.all_tasks(main), return_exceptions=True))
    asyncio.set_event_loop(None)
    for loop in opened:
        loop.close()


@pytest.fixture
def cloud(event_loops: None) -> PretendCloud:  # noqa: ARG001 - they must be there, and closed after this
    """Return a pretend engine that is set for this test; nothing is a preview unless `set_mocks` is called again."""
    pretend = PretendCloud(
        outputs={"aws:eks/cluster:Cluster": _cluster, "aws:eks/nodeGroup:NodeGroup": _node_group},
        answers={
            "aws:index/getCallerIdentity:getCallerIdentity": {
                "accountId": ACCOUNT,
                "arn": f"arn:aws:iam::{ACCOUNT}:role/deployer",
                "userId": "AROAEXAMPLE",
                "id": ACCOUNT,
            },
            "aws:index/getPartition:getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws"},
        },
    )
    pulumi.runtime.set_mocks(pretend, project=PROJECT, stack=STACK, preview=False)
    return pretend


def _answer(answer: Answer, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    return answer(asked) if callable(answer) else answer


def _service(token: str) -> str:
    return token.split(":")[1].split("/", maxsplit=1)[0]


def _cluster(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "endpoint": "https://cluster.example.com",
        "certificateAuthority": {"data": "Q0E="},
        "vpcConfig": {**inputs.get("vpcConfig", {}), "clusterSecurityGroupId": "sg-cluster"},
        "identities": [{"oidcs": [{"issuer": "https://oidc.example.com/id/CLUSTER"}]}],
    }


def _node_group(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    name = inputs.get("nodeGroupName", "group")
    return {"nodeGroupName": name, "resources": [{"autoscalingGroups": [{"name": f"{name}-asg"}]}]}
