"""The programs that the local cloud runs on: found on PATH, or built from pinned source and kept."""
