"""What every stand-in provider is built on: Pulumi's wire protocol on one side, plain methods on the other.

A provider subclasses `Provider` and works with trees (values.py) and records (calls.py) alone. It raises
`RefusedError` for what cannot be done and `UnfinishedError` for what was made but is not ready.
Protocol: proto/pulumi/provider.proto of github.com/pulumi/pulumi v3.258.0 (Apache-2.0).
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from localcloud.standins.calls import Call, Checked, Created, Failure, Live, RefusedError, UnfinishedError
from localcloud.standins.diff import Change, changes, written
from localcloud.standins.engine_log import EngineLog
from localcloud.standins.values import Tree, from_struct, plain, to_struct


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The servicer; subclasses override the lower-case methods."""

    package: ClassVar[str]
    version: ClassVar[str]
    log = EngineLog()

    def check_config(self, config: Tree) -> Sequence[Failure]:  # noqa: ARG002
        """What is wrong with the provider's configuration."""
        return ()

    def config_replaces(self, old: Tree, new: Tree) -> Sequence[str]:  # noqa: ARG002
        """The keys of the configuration whose change replaces every resource of the provider."""
        return ()

    def configure(self, config: Tree) -> None:
        """Takes the provider's configuration, possibly with secrets and, in preview, unknowns."""

    def check(self, call: Call) -> Checked:
        """The inputs to keep in state, or failures. Names are made here, so that they are stable."""
        return Checked(inputs=call.inputs)

    def forces_replacement(self, call: Call, change: Change) -> bool:  # noqa: ARG002
        """True when the resource cannot take this change in place."""
        return False

    def deletes_first(self, call: Call) -> bool:  # noqa: ARG002
        """True when a replacement must delete the old resource first: its name would collide."""
        return False

    def create(self, call: Call) -> Created:
        """Makes the resource, or in preview says what is known of it."""
        raise NotImplementedError

    def read(self, call: Call) -> Live | None:
        """The resource as it is now; None when it is gone."""
        raise NotImplementedError

    def update(self, call: Call) -> Tree:
        """Changes the resource in place and returns its outputs."""
        raise NotImplementedError

    def delete(self, call: Call) -> None:
        """Deletes the resource; one that is gone already is no error."""
        raise NotImplementedError

    def invoke(self, token: str, args: Tree) -> Tree:  # noqa: ARG002
        """The result of a function of the package."""
        message = f"{token} is not a function that localcloud's {self.package} provider knows"
        raise RefusedError(message)

    def cancel(self) -> None:
        """Ends what is in progress, as well as it can be."""

    # From here on: the wire.

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002, ANN401
        """Secrets are accepted; a successful handshake also says that previews are supported."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, supports_autonaming_configuration=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002, ANN401
        """The version of the provider that this one stands in for."""
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002, ANN401
        """Name and version only: programs use the SDK that is installed."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": self.package, "version": self.version}))

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002, ANN401
        """Nothing to do: no log is sent to a debugger."""
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002, ANN401
        """The user pressed control-C once."""
        self.cancel()
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """The configuration as it came, or failures."""
        with _refusals_told(context):
            failures = self.check_config(plain(from_struct(request.news)))
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(failures))

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """Whether the provider is updated or, with all its resources, replaced."""
        old, new = plain(from_struct(request.old_inputs)), plain(from_struct(request.news))
        with _refusals_told(context):
            keys = self.config_replaces(old, new)
        found = list(changes(old, new))
        replacing = frozenset(change for change in found if change.path[0] in keys)
        return _diff_response(found, replacing=replacing, deletes_first=False)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """Passes the configuration on."""
        with _refusals_told(context):
            self.configure(from_struct(request.args))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """Inputs with names, or failures."""
        call = Call(
            urn=request.urn,
            inputs=from_struct(request.news),
            old_inputs=from_struct(request.olds),
            seed=request.randomSeed,
            proposed_name=request.autonaming.proposed_name,
        )
        with _refusals_told(context):
            checked = self.check(call)
        return provider_pb2.CheckResponse(inputs=to_struct(checked.inputs), failures=_failures(checked.failures))

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """Inputs against inputs: the outputs hold what the program never said."""
        call = Call(
            urn=request.urn,
            resource_id=request.id,
            inputs=plain(from_struct(request.news)),
            old_inputs=plain(from_struct(request.old_inputs)),
            outputs=from_struct(request.olds),
        )
        with _refusals_told(context):
            found = [
                change
                for change in changes(call.old_inputs, call.inputs)
                if not _is_ignored(written(change.path), request.ignoreChanges)
            ]
            replacing = frozenset(change for change in found if self.forces_replacement(call, change))
            deletes_first = bool(replacing) and self.deletes_first(call)
        return _diff_response(found, replacing=replacing, deletes_first=deletes_first)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """A new resource."""
        call = Call(
            urn=request.urn,
            inputs=from_struct(request.properties),
            preview=request.preview,
            timeout_s=request.timeout,
        )
        with _refusals_told(context):
            created = self.create(call)
        return provider_pb2.CreateResponse(id=created.resource_id, properties=to_struct(created.outputs))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """The live state; an empty id says that it is gone."""
        call = Call(
            urn=request.urn,
            resource_id=request.id,
            inputs=from_struct(request.inputs),
            outputs=from_struct(request.properties),
        )
        with _refusals_told(context):
            live = self.read(call)
        if live is None:
            return provider_pb2.ReadResponse(id="")
        return provider_pb2.ReadResponse(
            id=live.resource_id or request.id, inputs=to_struct(live.inputs), properties=to_struct(live.outputs)
        )

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """The resource with its new inputs."""
        call = Call(
            urn=request.urn,
            resource_id=request.id,
            inputs=from_struct(request.news),
            old_inputs=from_struct(request.old_inputs),
            outputs=from_struct(request.olds),
            preview=request.preview,
            timeout_s=request.timeout,
        )
        with _refusals_told(context):
            outputs = self.update(call)
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """Gone."""
        call = Call(
            urn=request.urn,
            resource_id=request.id,
            inputs=from_struct(request.old_inputs),
            outputs=from_struct(request.properties),
            timeout_s=request.timeout,
        )
        with _refusals_told(context):
            self.delete(call)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """A function's result; one asked about something unknown is itself unknown (the SDK accepts no less)."""
        args = from_struct(request.args)
        with _refusals_told(context):
            result = self.invoke(request.tok, plain(args))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(result))
        return response


def _failures(failures: Sequence[Failure]) -> list[Any]:
    return [provider_pb2.CheckFailure(property=each.path, reason=each.reason) for each in failures]


@contextmanager
def _refusals_told(context: grpc.ServicerContext) -> Iterator[None]:
    """Turns the two errors of this module into gRPC statuses; anything else stays a crash with its traceback."""
    try:
        yield
    except RefusedError as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
    except UnfinishedError as error:
        context.set_trailing_metadata((("grpc-status-details-bin", _details(error)),))
        context.abort(grpc.StatusCode.UNKNOWN, _UNFINISHED)


_UNFINISHED = "the resource was made but is not ready"


def _details(error: UnfinishedError) -> bytes:
    """The status that makes the engine keep the resource: google.rpc.Status with ErrorResourceInitFailed in it."""
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=_UNFINISHED)
    status.details.add().Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.resource_id,
            properties=to_struct(error.outputs),
            inputs=to_struct(error.inputs),
            reasons=error.reasons,
        )
    )
    return status.SerializeToString()


def _is_ignored(path: str, ignored: Sequence[str]) -> bool:
    return any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in ignored)


def _diff_response(found: Sequence[Change], *, replacing: frozenset[Change], deletes_first: bool) -> Any:  # noqa: ANN401
    detailed = {written(change.path): _property_diff(change, replaces=change in replacing) for change in found}
    some = provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some,
        diffs=sorted({str(change.path[0]) for change in found}),
        replaces=sorted({str(change.path[0]) for change in replacing}),
        deleteBeforeReplace=deletes_first,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def _property_diff(change: Change, *, replaces: bool) -> Any:  # noqa: ANN401
    kind = provider_pb2.PropertyDiff.Kind.Value(f"{change.kind}_REPLACE" if replaces else change.kind)
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=True)
