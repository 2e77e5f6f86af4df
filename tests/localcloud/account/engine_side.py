"""The engine's side of the aws provider: resources are made, changed and deleted as `pulumi up` does it."""

from dataclasses import dataclass
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2

from localcloud.standins.values import Tree, from_struct, to_struct

SEED = b"the same in preview and up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A resource as the engine has it in its state."""

    urn: str
    id: str
    inputs: Tree
    outputs: Tree


class RefusedByProviderError(Exception):
    """What the provider answered instead, in its own words."""

    def __init__(self, message: str, details: bytes = b"") -> None:
        super().__init__(message)
        self.details = details


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:test::test::{token}::{name}"


class Engine:
    """One channel to one provider."""

    def __init__(self, stub: Any) -> None:  # noqa: ANN401
        self.stub = stub

    def configure(self, config: Tree) -> None:
        self.stub.Configure(provider_pb2.ConfigureRequest(args=to_struct(config)))

    def check(self, token: str, name: str, news: Tree, olds: Tree | None = None) -> tuple[Tree, list[str]]:
        """The inputs with their names, and ``path: reason`` of each failure."""
        request = provider_pb2.CheckRequest(
            urn=urn(token, name), news=to_struct(news), olds=to_struct(olds or {}), randomSeed=SEED
        )
        answer = self.stub.Check(request)
        return from_struct(answer.inputs), [f"{each.property}: {each.reason}" for each in answer.failures]

    def preview(self, token: str, name: str, news: Tree) -> Tree:
        inputs, failures = self.check(token, name, news)
        assert not failures
        request = provider_pb2.CreateRequest(urn=urn(token, name), properties=to_struct(inputs), preview=True)
        return from_struct(self.stub.Create(request).properties)

    def make(self, token: str, name: str, /, **news: Any) -> Made:  # noqa: ANN401
        """Checks and creates; raises RefusedByProviderError."""
        inputs, failures = self.check(token, name, news)
        if failures:
            raise RefusedByProviderError("\n".join(failures))
        request = provider_pb2.CreateRequest(urn=urn(token, name), properties=to_struct(inputs))
        answer = _asked(self.stub.Create, request)
        return Made(urn=urn(token, name), id=answer.id, inputs=inputs, outputs=from_struct(answer.properties))

    def diff(self, made: Made, /, **news: Any) -> Any:  # noqa: ANN401
        inputs = made.inputs | news
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                urn=made.urn, id=made.id, old_inputs=to_struct(made.inputs), news=to_struct(inputs)
            )
        )

    def change(self, made: Made, /, *, preview: bool = False, **news: Any) -> Made:  # noqa: ANN401
        inputs = made.inputs | news
        request = provider_pb2.UpdateRequest(
            urn=made.urn,
            id=made.id,
            old_inputs=to_struct(made.inputs),
            olds=to_struct(made.outputs),
            news=to_struct(inputs),
            preview=preview,
        )
        outputs = from_struct(_asked(self.stub.Update, request).properties)
        return Made(urn=made.urn, id=made.id, inputs=inputs, outputs=outputs)

    def read(self, made: Made) -> Made | None:
        request = provider_pb2.ReadRequest(
            urn=made.urn, id=made.id, inputs=to_struct(made.inputs), properties=to_struct(made.outputs)
        )
        answer = self.stub.Read(request)
        if not answer.id:
            return None
        inputs, outputs = from_struct(answer.inputs), from_struct(answer.properties)
        return Made(urn=made.urn, id=answer.id, inputs=inputs, outputs=outputs)

    def delete(self, made: Made) -> None:
        request = provider_pb2.DeleteRequest(
            urn=made.urn, id=made.id, old_inputs=to_struct(made.inputs), properties=to_struct(made.outputs)
        )
        _asked(self.stub.Delete, request)

    def invoke(self, token: str, **args: Any) -> Tree:  # noqa: ANN401
        request = provider_pb2.InvokeRequest(tok=token, args=to_struct(args))
        return from_struct(getattr(_asked(self.stub.Invoke, request), "return"))


def _asked(method: Any, request: Any) -> Any:  # noqa: ANN401
    try:
        return method(request)
    except grpc.RpcError as error:
        call: Any = error  # every error of a call is also that call
        details = dict(call.trailing_metadata()).get("grpc-status-details-bin", b"")
        raise RefusedByProviderError(call.details(), details) from error
