"""Only the pinned weights start: each other folder is refused, with the file named."""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.charts.conftest import CHART, chart_script

verify = chart_script("verify_weights")
FILES = {"config.json": b"{}", "model-00001-of-00002.safetensors": b"a" * 4096, "extra/tokenizer model.json": b"[1]"}


def make(folder: Path) -> str:
    """Write a model as it is mirrored, with its list; return the digest of the list."""
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in FILES.items()]
    (folder / "SHA256SUMS").write_text("".join(lines))
    return f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}"


@pytest.fixture
def digest(tmp_path: Path) -> str:
    return make(tmp_path)


def test_the_pinned_weights_are_let_through(tmp_path: Path, digest: str) -> None:
    assert list(verify.wrong_weights(tmp_path, digest)) == []


def test_a_list_made_by_sha256sum_itself_is_read(tmp_path: Path) -> None:
    make(tmp_path)
    listed = subprocess.run(  # noqa: S603
        ["/usr/bin/sha256sum", "--binary", *FILES], cwd=tmp_path, capture_output=True, check=True
    )
    (tmp_path / "SHA256SUMS").write_bytes(listed.stdout)
    digest = f"sha256:{hashlib.sha256(listed.stdout).hexdigest()}"
    assert list(verify.wrong_weights(tmp_path, digest)) == []


@given(st.sampled_from(sorted(FILES)), st.data())
def test_one_flipped_bit_anywhere_is_found(name: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        digest = make(folder)
        content = bytearray(FILES[name])
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        (folder / name).write_bytes(content)
        (problem,) = verify.wrong_weights(folder, digest)
    assert problem.startswith(f"{name} has sha256:")


@given(st.sampled_from(sorted(FILES)), st.data())
def test_a_file_cut_anywhere_is_found(name: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        digest = make(folder)
        (folder / name).write_bytes(FILES[name][: data.draw(st.integers(0, len(FILES[name]) - 1))])
        assert len(list(verify.wrong_weights(folder, digest))) == 1


def add(name: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")

    return write


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
        (add("model-00002-of-00002.safetensors"), "model-00002-of-00002.safetensors is not in SHA256SUMS"),
        (add("extra/.hidden"), "extra/.hidden is not in SHA256SUMS"),
        (add("config.json.7aC1f9"), "config.json.7aC1f9 is not in SHA256SUMS"),
        (add("lost+found/x"), "lost+found/x is not in SHA256SUMS"),
    ],
)
def test_a_file_missing_or_unlisted_is_named(
    tmp_path: Path, digest: str, change: Callable[[Path], None], problem: str
) -> None:
    change(tmp_path)
    assert list(verify.wrong_weights(tmp_path, digest)) == [problem]


def test_a_list_that_was_changed_with_the_weights_is_refused(tmp_path: Path, digest: str) -> None:
    (tmp_path / "config.json").write_bytes(b"{}{}")
    listing = tmp_path / "SHA256SUMS"
    old, new = (hashlib.sha256(content).hexdigest() for content in (b"{}", b"{}{}"))
    listing.write_text(listing.read_text().replace(old, new))
    (problem,) = verify.wrong_weights(tmp_path, digest)
    assert problem.endswith(f"expected: {digest}, the value of model.checksums")


@pytest.mark.parametrize("listing", ["", "not a digest  config.json\n", f"{'0' * 63}  config.json\n"])
def test_a_list_of_another_form_is_refused(tmp_path: Path, listing: str) -> None:
    (tmp_path / "SHA256SUMS").write_text(listing)
    digest = f"sha256:{hashlib.sha256(listing.encode()).hexdigest()}"
    assert verify.main([str(tmp_path), digest]) == 1


def test_the_empty_folder_that_a_file_system_leaves_on_a_volume_is_no_weight(tmp_path: Path, digest: str) -> None:
    (tmp_path / "lost+found").mkdir()
    assert list(verify.wrong_weights(tmp_path, digest)) == []


def test_a_link_is_refused_wherever_it_leads(tmp_path: Path, digest: str) -> None:
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    elsewhere.mkdir()
    (elsewhere / "model.safetensors").write_bytes(b"x")
    (tmp_path / "link").symlink_to(elsewhere)
    assert "link is a symbolic link; expected: plain files and folders" in verify.wrong_weights(tmp_path, digest)


def test_the_command_says_what_is_wrong_and_what_to_do(tmp_path: Path, digest: str) -> None:
    command = [sys.executable, str(CHART / "files" / "verify_weights.py"), str(tmp_path)]
    good = subprocess.run([*command, digest], capture_output=True, text=True, check=False)  # noqa: S603
    assert (good.returncode, good.stdout) == (0, f"every file in {tmp_path} is as pinned\n")
    (tmp_path / "SHA256SUMS").unlink()
    bad = subprocess.run([*command, digest], capture_output=True, text=True, check=False)  # noqa: S603
    assert bad.returncode == 1
    assert "SHA256SUMS is missing" in bad.stderr
    assert "to do:" in bad.stderr
