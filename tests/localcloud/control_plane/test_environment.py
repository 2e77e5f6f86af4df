"""What a shell gets, read back by a real shell."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud import environment
from localcloud.errors import LocalCloudError
from localcloud.paths import Home
from localcloud.ports import Ports

PORTS = Ports(etcd=1, etcd_peer=2, apiserver=3, aws=4)
PRINT = f"exec {sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"


def home(folder: Path) -> Home:
    return Home(root=folder / "it's a $HOME", tools=folder / "tools")


def evaluated(lines: str, *, before: dict[str, str]) -> dict[str, str]:
    told = subprocess.run(["/bin/sh", "-c", f"{lines}\n{PRINT}"], env=before, capture_output=True, check=True)  # noqa: S603
    found: dict[str, str] = json.loads(told.stdout)
    return found


def test_a_shell_gets_every_value_whatever_the_folder_is_called(tmp_path: Path) -> None:
    values = environment.settings(home(tmp_path), PORTS, path="/usr/bin:/bin")
    seen = evaluated(environment.shell_lines(values), before={"PATH": "/usr/bin:/bin"})
    assert seen == {**seen, **values}


@given(value=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")))
def test_no_value_is_read_as_a_command(value: str) -> None:
    script = environment.shell_lines({"WORTHWHILE_TEST": value}) + '\nprintf %s "$WORTHWHILE_TEST"'
    told = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True)  # noqa: S603
    assert told.stdout == os.fsencode(value)


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_SESSION_TOKEN", "PULUMI_ACCESS_TOKEN"])
def test_what_points_at_a_real_account_is_gone_from_the_shell_and_from_started_programs(name: str) -> None:
    before = {"PATH": "/usr/bin:/bin", name: "real"}
    assert name not in evaluated(environment.shell_lines({}), before=before)
    assert name not in environment.without_what_is_in_the_way(before)


def test_credentials_and_endpoint_are_those_of_the_pretend_account(tmp_path: Path) -> None:
    values = environment.settings(home(tmp_path), PORTS, path="")
    assert values["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4"
    assert {values["AWS_CONFIG_FILE"], values["AWS_SHARED_CREDENTIALS_FILE"]} == {"/dev/null"}


def test_our_programs_come_first_on_the_path(tmp_path: Path) -> None:
    path = environment.settings(home(tmp_path), PORTS, path="/usr/bin:/bin")["PATH"].split(":")
    assert path == [str(home(tmp_path).bin), str(Path(sys.prefix) / "bin"), "/usr/bin", "/bin"]


def test_evaluating_twice_changes_nothing(tmp_path: Path) -> None:
    once = environment.settings(home(tmp_path), PORTS, path="/usr/bin:/bin")
    assert environment.settings(home(tmp_path), PORTS, path=once["PATH"]) == once


def test_a_tool_in_the_clouds_own_bin_folder_is_no_tool_of_the_user(tmp_path: Path) -> None:
    within = environment.settings(home(tmp_path), PORTS, path="/usr/bin:/bin")
    assert str(home(tmp_path).bin) not in environment.outside(home(tmp_path), within)["PATH"].split(":")


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    home(tmp_path).root.mkdir()
    environment.write(home(tmp_path), {"A": "b"})
    assert environment.read(home(tmp_path)) == {"A": "b"}


def test_without_a_cloud_the_command_that_starts_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match=r"python -m localcloud up"):
        environment.read(home(tmp_path))
