"""What can go wrong while the local cloud is built, started or ended.

CostcheckError
└── LocalCloudError
    ├── ToolError     (a tool is missing and cannot be made here)
    └── ProcessError  (a process of the local cloud did not start, or ended)
"""

from costcheck.errors import CostcheckError


class LocalCloudError(CostcheckError):
    """The local cloud cannot do what was asked."""


class ToolError(LocalCloudError):
    """A tool is missing and cannot be made here."""


class ProcessError(LocalCloudError):
    """A process of the local cloud did not start, or ended."""
