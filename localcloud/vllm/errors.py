"""What can go wrong while vLLM or its tiny model is made."""

from costcheck.errors import CostcheckError


class VllmInstallError(CostcheckError):
    """The server or the model is not there, or cannot be made on this machine."""
