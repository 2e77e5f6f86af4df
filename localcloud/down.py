"""`down`: every process ends, and the state goes; the tools stay."""

import shutil

from localcloud.lock import exclusive
from localcloud.paths import Home
from localcloud.pods.scratch import scratch_folder
from localcloud.processes import Processes, end_all

_FIRST = ("pod-runner", "controllers")  # they need the cluster while they end
_FIRST_GRACE_S = 10
_GRACE_S = 1  # their data goes anyway


def down(home: Home) -> None:
    """End all processes of this cloud, those without a record included, and remove its folder."""
    if not home.root.exists():
        print(f"there is no local cloud in {home.root}")
        return
    with exclusive(home):
        ended = end_processes(home)
        _remove(home)
    print(f"ended {ended} processes and removed {home.root}; the tools stay in {home.tools}")


def end_processes(home: Home) -> int:
    """End all processes of this cloud; return how many ran. Its data stays."""
    processes = Processes(home.run, mark=str(home.root))
    running = len(processes.leftovers())
    processes.end([name for name in _FIRST if name in processes.recorded()], grace_seconds=_FIRST_GRACE_S)
    processes.end(processes.recorded(), grace_seconds=_GRACE_S)
    end_all(processes.leftovers(), grace_seconds=0)
    return running


def _remove(home: Home) -> None:
    """Remove the folder; what says that it is ours goes last, so that a killed `down` can be repeated."""
    shutil.rmtree(scratch_folder(home.root), ignore_errors=True)  # of a runner that was killed
    for entry in home.root.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry != home.ports_file:
            entry.unlink()
    home.ports_file.unlink(missing_ok=True)
    home.root.rmdir()
