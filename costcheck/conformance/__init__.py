"""What every source of bills must stand, for the sources of this kit and for anybody's own.

`check_pull` and `check_file` raise AssertionError with what went wrong; docs/own-source.md shows how to use them.
"""

from costcheck.conformance.files import FileSubject, check_file
from costcheck.conformance.pulls import PullSubject, check_pull
from costcheck.conformance.server import Answer, Asked

__all__ = ["Answer", "Asked", "FileSubject", "PullSubject", "check_file", "check_pull"]
