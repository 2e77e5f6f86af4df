import importlib.metadata
import json
import os
import sys
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from localcloud.standins.calls import RefusedError
from localcloud.standins.language_host import LanguageHost
from localcloud.standins.python_runtime import PythonRuntime

VIRTUALENV = Path(sys.prefix)  # the tests' own, which has the SDKs
# In the place of Pulumi's script: shows what it was given, and ends as the program says.
EXEC = """
import json, os, runpy, sys
print(json.dumps([sys.argv[1:], os.environ["PULUMI_CONFIG"], os.environ["PULUMI_CONFIG_SECRET_KEYS"], os.getcwd()]))
sys.stdout.flush()
runpy.run_path(os.path.join(sys.argv[-2], "__main__.py"))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "program").mkdir()
    (tmp_path / "exec").write_text(EXEC)
    return tmp_path


@pytest.fixture
def host(project: Path) -> Iterator[Any]:
    """The engine's side of a language host, over a real channel."""
    servicer = LanguageHost(exec_script=project / "exec", engine="127.0.0.1:1", environment=dict(os.environ))
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(servicer, server)
    with grpc.insecure_channel(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}") as channel:
        server.start()
        yield language_pb2_grpc.LanguageRuntimeStub(channel)
    server.stop(None)


def info(project: Path, **options: str) -> Any:  # noqa: ANN401
    program = language_pb2.ProgramInfo(
        root_directory=str(project), program_directory=str(project / "program"), entry_point="."
    )
    json_format.ParseDict({"virtualenv": str(VIRTUALENV), **options}, program.options)
    return program


def run(host: Any, project: Path, program: str) -> Any:  # noqa: ANN401
    (project / "program" / "__main__.py").write_text(program)
    request = language_pb2.RunRequest(
        info=info(project),
        project="p",
        stack="s",
        monitor_address="127.0.0.1:2",
        config={"p:key": "value"},
        configSecretKeys=["p:key"],
        dryRun=True,
        parallel=7,
        organization="o",
        args=["argument"],
    )
    return host.Run(request)


def test_the_installed_sdks_name_the_plugins_with_a_v(host: Any, project: Path) -> None:  # noqa: ANN401
    answer = host.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=info(project)))
    found = {each.name: (each.kind, each.version) for each in answer.packages}
    assert found == {"aws": ("resource", "v7.51.1"), "kubernetes": ("resource", "v4.34.2")}


def test_the_host_has_the_version_of_the_sdk_without_a_v(host: Any) -> None:  # noqa: ANN401
    assert host.GetPluginInfo(empty_pb2.Empty()).version == importlib.metadata.version("pulumi")


def test_the_program_gets_its_arguments_configuration_and_folder(
    host: Any,  # noqa: ANN401
    project: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert run(host, project, "").error == ""
    program = str(project / "program")
    flags = [
        "--monitor",
        "127.0.0.1:2",
        "--engine",
        "127.0.0.1:1",
        "--project",
        "p",
        "--root_directory",
        str(project),
    ]
    flags += ["--stack", "s", "--dry_run", "true", "--parallel", "7", "--organization", "o", program, "argument"]
    shown = capfd.readouterr().out
    assert shown.strip() == json.dumps([flags, '{"p:key": "value"}', '["p:key"]', program])


@pytest.mark.parametrize(
    ("status", "error", "bail"),
    [(0, "", False), (32, "", True), (3, "Program exited with non-zero exit code: 3", False)],
)
def test_the_programs_end_is_told(host: Any, project: Path, *, status: int, error: str, bail: bool) -> None:  # noqa: ANN401
    answer = run(host, project, f"import sys; sys.exit({status})")
    assert (answer.error, answer.bail) == (error, bail)


def plugin(host: Any, project: Path, kind: str, *args: str, program: str = "") -> tuple[str, str, int]:  # noqa: ANN401
    (project / "program" / "__main__.py").write_text(program)
    request = language_pb2.RunPluginRequest(
        info=info(project), kind=kind, args=args, env=["ONLY=this=one"], pwd=str(project)
    )
    out, err, status = b"", b"", -1
    for answer in host.RunPlugin(request):
        match answer.WhichOneof("output"):
            case "stdout":
                out += answer.stdout
            case "stderr":
                err += answer.stderr
            case _:
                status = answer.exitcode
    return out.decode(), err.decode(), status


def test_a_plugin_has_both_its_streams_passed_on_and_its_status_last(host: Any, project: Path) -> None:  # noqa: ANN401
    program = "import sys; print(*sys.argv[1:]); print('no', file=sys.stderr); sys.exit(3)"
    assert plugin(host, project, "resource", "a", "b", program=program) == ("a b\n", "no\n", 3)


def test_a_plugin_has_the_environment_given_and_nothing_of_ours(
    host: Any,  # noqa: ANN401
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OURS", "x")
    program = "import os; print(os.environ['ONLY'], os.environ.get('OURS'), os.environ.get('HOME'))"
    assert plugin(host, project, "resource", program=program)[0] == "this=one None None\n"


def test_a_policy_pack_is_run_by_the_sdks_module_with_engine_before_folder(host: Any, project: Path) -> None:  # noqa: ANN401
    (project / "pulumi" / "policy").mkdir(parents=True)
    (project / "pulumi" / "__init__.py").touch()
    (project / "pulumi" / "policy" / "__main__.py").write_text("import sys; print(sys.argv[1:])")
    (project / "pulumi" / "policy" / "__init__.py").touch()
    out, _, _ = plugin(host, project, "analyzer", "127.0.0.1:9", "more")
    assert out == f"['127.0.0.1:9', '{project / 'program'}', 'more']\n"


def test_about_names_the_interpreter_and_what_is_installed(host: Any, project: Path) -> None:  # noqa: ANN401
    about = host.About(language_pb2.AboutRequest(info=info(project)))
    assert about.executable == str(VIRTUALENV / "bin" / "python")
    assert about.version == ".".join(map(str, sys.version_info[:3]))
    request = language_pb2.GetProgramDependenciesRequest(info=info(project))
    assert "pulumi" in {each.name for each in host.GetProgramDependencies(request).dependencies}


def test_a_missing_virtual_environment_is_named(host: Any, project: Path) -> None:  # noqa: ANN401
    request = language_pb2.GetRequiredPackagesRequest(info=info(project, virtualenv="nowhere"))
    with pytest.raises(grpc.RpcError, match=f"{project}/nowhere is not a virtual environment"):
        host.GetRequiredPackages(request)


def virtualenv(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    return folder


@pytest.mark.parametrize(
    ("options", "environment", "expected"),
    [
        ({"virtualenv": "a"}, {}, "a"),
        ({"toolchain": "pip", "virtualenv": "a"}, {}, "a"),
        ({"toolchain": "uv"}, {}, ".venv"),
        ({"toolchain": "uv"}, {"UV_PROJECT_ENVIRONMENT": "a"}, "a"),
    ],
)
def test_the_virtual_environment_is_the_one_that_the_options_ask_for(
    tmp_path: Path, options: dict[str, str], environment: dict[str, str], expected: str
) -> None:
    for name in ("a", ".venv"):
        virtualenv(tmp_path / name)
    found = PythonRuntime.of_program(tmp_path, options, environment)
    assert found.virtualenv == tmp_path / expected
    assert found.environment({"PATH": "/bin", "PYTHONHOME": "/x"}) == {
        "PATH": f"{tmp_path / expected / 'bin'}:/bin",
        "VIRTUAL_ENV": str(tmp_path / expected),
    }


def test_without_one_python_comes_from_the_path(tmp_path: Path) -> None:
    folder = virtualenv(tmp_path / "v") / "bin"
    (folder / "mine").symlink_to(sys.executable)
    path = {"PATH": str(folder)}
    assert PythonRuntime.of_program(tmp_path, {}, path).executable == folder / "python"
    assert PythonRuntime.of_program(tmp_path, {}, path | {"PULUMI_PYTHON_CMD": "mine"}).executable == folder / "mine"
    with pytest.raises(RefusedError, match="none of python3, python is on the PATH"):
        PythonRuntime.of_program(tmp_path, {}, {"PATH": str(tmp_path)})


def test_a_toolchain_that_the_host_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="'poetry'"):
        PythonRuntime.of_program(tmp_path, {"toolchain": "poetry"}, {})
