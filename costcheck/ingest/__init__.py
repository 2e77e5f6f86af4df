"""From a source into the ledger: pulls by the month, files, and quarantined rows once more."""

from costcheck.ingest.files import file_source, import_file, import_files, recognise
from costcheck.ingest.in_part import part_of
from costcheck.ingest.months import pull_months, unsettled
from costcheck.ingest.replay import Replayed, replay
from costcheck.ingest.storing import Stored, opened_late

__all__ = [
    "Replayed",
    "Stored",
    "file_source",
    "import_file",
    "import_files",
    "opened_late",
    "part_of",
    "pull_months",
    "recognise",
    "replay",
    "unsettled",
]
