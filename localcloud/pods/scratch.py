"""Where pods have their volumes: a short path, because a socket's may have 107 bytes, that any user may enter."""

import hashlib
import tempfile
from pathlib import Path


def scratch_folder(home: Path) -> Path:
    """Return the folder for the pods of one local cloud; it may be removed when none runs."""
    return Path(tempfile.gettempdir()) / f"ww-pods-{hashlib.sha256(str(home).encode()).hexdigest()[:8]}"
