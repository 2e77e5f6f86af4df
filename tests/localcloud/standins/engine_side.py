"""The engine's side of a provider: trees in, trees or gRPC messages out."""

from typing import Any

from pulumi.runtime.proto import provider_pb2

from localcloud.standins.values import Tree, from_struct, to_struct


class Engine:
    """One channel to one provider."""

    def __init__(self, stub: Any) -> None:  # noqa: ANN401
        self.stub = stub

    def check(self, urn: str, news: Tree, *, olds: Tree | None = None, seed: bytes = b"seed") -> Tree:
        request = provider_pb2.CheckRequest(
            urn=urn, news=to_struct(news), olds=to_struct(olds or {}), randomSeed=seed
        )
        return from_struct(self.stub.Check(request).inputs)

    def diff(self, urn: str, old_inputs: Tree, news: Tree, *, ignored: tuple[str, ...] = ()) -> Any:  # noqa: ANN401
        request = provider_pb2.DiffRequest(
            urn=urn, id="id", old_inputs=to_struct(old_inputs), news=to_struct(news), ignoreChanges=ignored
        )
        return self.stub.Diff(request)

    def diff_config(self, old: Tree, new: Tree) -> Any:  # noqa: ANN401
        request = provider_pb2.DiffRequest(old_inputs=to_struct(old), news=to_struct(new))
        return self.stub.DiffConfig(request)

    def configure(self, config: Tree) -> None:
        self.stub.Configure(provider_pb2.ConfigureRequest(args=to_struct(config)))

    def create(self, urn: str, inputs: Tree, *, preview: bool = False) -> tuple[str, Tree]:
        request = provider_pb2.CreateRequest(urn=urn, properties=to_struct(inputs), preview=preview)
        answer = self.stub.Create(request)
        return answer.id, from_struct(answer.properties)
