"""Where state and tools lie, by the XDG rules."""

from pathlib import Path

from localcloud.paths import Home


def test_by_default_state_and_tools_lie_in_the_users_xdg_folders() -> None:
    home = Home.from_environment({"HOME": "/u/ann"})
    assert home.root == Path("/u/ann/.local/state/worthwhile/localcloud")
    assert home.tools == Path("/u/ann/.cache/worthwhile/tools")


def test_the_xdg_variables_move_both() -> None:
    home = Home.from_environment({"HOME": "/u/ann", "XDG_STATE_HOME": "/s", "XDG_CACHE_HOME": "/c"})
    assert home.root == Path("/s/worthwhile/localcloud")
    assert home.tools == Path("/c/worthwhile/tools")


def test_another_home_shares_the_tools() -> None:
    home = Home.from_environment({"HOME": "/u/ann", "LOCALCLOUD_HOME": "/data/second"})
    assert home.root == Path("/data/second")
    assert home.tools == Path("/u/ann/.cache/worthwhile/tools")


def test_a_relative_home_does_not_move_with_the_working_folder() -> None:
    assert Home.from_environment({"HOME": "/u/ann", "LOCALCLOUD_HOME": "cloud"}).root == Path.cwd() / "cloud"


def test_an_empty_variable_counts_as_none() -> None:
    environ = {"HOME": "/u/ann", "LOCALCLOUD_HOME": "", "XDG_STATE_HOME": "", "XDG_CACHE_HOME": ""}
    assert Home.from_environment(environ) == Home.from_environment({"HOME": "/u/ann"})
