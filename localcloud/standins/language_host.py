"""The Python language host: what `pulumi` asks to run a program, a policy pack or a provider written in Python.

Stands in for `pulumi-language-python`, under that name. The program itself is run by Pulumi's own
`pulumi-language-python-exec`, which must lie beside the executable (install.py puts it there).
Protocol: proto/pulumi/language.proto of github.com/pulumi/pulumi v3.258.0 (Apache-2.0).
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from localcloud.standins.calls import RefusedError
from localcloud.standins.children import Children
from localcloud.standins.python_runtime import PythonRuntime
from localcloud.standins.serving import engine_address, serve

VERSION = "3.258.0"  # the SDK's, as locked in pyproject.toml
EXEC_SCRIPT = "pulumi-language-python-exec"
_SAID_ALREADY = 32  # the exec script's status after it has shown the error itself


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The servicer; one per `pulumi` command."""

    def __init__(self, *, exec_script: Path, engine: str, environment: Mapping[str, str]) -> None:
        self._exec_script = exec_script
        self._engine = engine
        self._environment = environment
        self.children = Children()

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002, ANN401
        """Nothing to agree on."""
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002, ANN401
        """The version of the host that this one stands in for, without a "v"."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002, ANN401
        """Ends what runs."""
        self.children.end()
        return empty_pb2.Empty()

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002, ANN401
        """Nothing to ask: a project here already has its options."""
        return language_pb2.RuntimeOptionsResponse()

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """The providers whose SDKs are installed; versions carry a "v" here."""
        plugins = self._installed(request.info, context).plugins
        packages = [
            plugin_pb2.PackageDependency(name=name, kind="resource", version=f"v{version}", server=server)
            for name, version, server in plugins
        ]
        return language_pb2.GetRequiredPackagesResponse(packages=packages)

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """Every distribution that is installed, for `pulumi about`."""
        packages = self._installed(request.info, context).packages
        found = [language_pb2.DependencyInfo(name=name, version=version) for name, version in packages]
        return language_pb2.GetProgramDependenciesResponse(dependencies=found)

    def About(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """The interpreter, for `pulumi about`."""
        runtime = self._runtime(request.info, context)
        version = self._installed(request.info, context).python_version
        return language_pb2.AboutResponse(executable=str(runtime.executable), version=version)

    def InstallDependencies(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002, ANN401
        """Says that it installs nothing: the environment is made from the lock, by `make`."""
        yield language_pb2.InstallDependenciesResponse(stdout=b"localcloud's language host installs nothing\n")

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """Runs the program to its end; its output goes to the engine as it comes."""
        runtime = self._runtime(request.info, context)
        environment = runtime.environment(self._environment) | {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
            "PYTHONUNBUFFERED": "1",
        }
        folder = Path(request.info.program_directory)
        command = [str(runtime.executable), "-u", str(self._exec_script), *self._exec_arguments(request)]
        status = self.children.finish(self.children.start(command, environment=environment, folder=folder))
        if status == _SAID_ALREADY:
            return language_pb2.RunResponse(bail=True)
        error = f"Program exited with non-zero exit code: {status}" if status else ""
        return language_pb2.RunResponse(error=error)

    def _exec_arguments(self, request: Any) -> list[str]:  # noqa: ANN401
        named = {
            "monitor": request.monitor_address,
            "engine": self._engine,
            "project": request.project,
            "root_directory": request.info.root_directory,
            "stack": request.stack,
            "pwd": request.pwd,
            "dry_run": str(request.dryRun).lower(),
            "parallel": str(request.parallel),
            "organization": request.organization,
        }
        flags = [part for name, value in named.items() if value for part in (f"--{name}", value)]
        return [*flags, str(Path(request.info.program_directory, request.info.entry_point)), *request.args]

    def RunPlugin(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """Runs a policy pack or a Python provider, with exactly the environment given, until the engine lets go."""
        runtime = self._runtime(request.info, context)
        folder = request.info.program_directory
        if request.kind == "analyzer":
            arguments = ["-u", "-m", "pulumi.policy", *request.args[:1], folder, *request.args[1:]]
        else:
            arguments = ["-u", folder, *request.args]
        environment = dict(each.split("=", 1) for each in request.env if "=" in each)
        child = self.children.start(
            [str(runtime.executable), *arguments],
            environment=runtime.environment(environment),
            folder=Path(request.pwd) if request.pwd else None,
            captured=True,
        )
        context.add_callback(child.kill)
        yield from _output(child)
        yield language_pb2.RunPluginResponse(exitcode=self.children.finish(child))

    def _runtime(self, info: Any, context: Any) -> PythonRuntime:  # noqa: ANN401
        options = json_format.MessageToDict(info.options)
        try:
            return PythonRuntime.of_program(Path(info.root_directory), options, self._environment)
        except RefusedError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            raise

    def _installed(self, info: Any, context: Any) -> Any:  # noqa: ANN401
        runtime = self._runtime(info, context)
        try:
            return runtime.installed()
        except RefusedError as error:
            context.abort(grpc.StatusCode.INTERNAL, str(error))


def _output(child: subprocess.Popen[bytes]) -> Iterator[Any]:
    """What the child writes, line by line, from both its streams, until both are closed."""
    lines: queue.Queue[Any] = queue.Queue()

    def pump(stream: IO[bytes], answer: Callable[[bytes], Any]) -> None:
        with suppress(ValueError):  # closed while it was read: the child was killed
            for line in stream:
                lines.put(answer(line))
        lines.put(None)

    pumps: list[tuple[IO[bytes] | None, Callable[[bytes], Any]]] = [
        (child.stdout, lambda line: language_pb2.RunPluginResponse(stdout=line)),
        (child.stderr, lambda line: language_pb2.RunPluginResponse(stderr=line)),
    ]
    for each in pumps:
        threading.Thread(target=pump, args=each, daemon=True).start()
    for _ in pumps:
        yield from iter(lines.get, None)


def main() -> None:
    """Serves until the engine ends it. The wrapper that install.py writes gives the exec script's place first."""
    exec_script, *arguments = sys.argv[1:]
    engine = engine_address(arguments, last=True)
    host = LanguageHost(exec_script=Path(exec_script), engine=engine, environment=os.environ)
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server))


if __name__ == "__main__":
    main()
