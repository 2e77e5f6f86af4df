"""Every source of the registry that the suite can try, by a name of its own."""

import sys
from collections.abc import Mapping

from costcheck.conformance import FileSubject, PullSubject
from tests.costcheck.conformance.cloud_subjects import CLOUD_SUBJECTS
from tests.costcheck.conformance.console_subjects import CONSOLE_SUBJECTS
from tests.costcheck.conformance.gateway_subjects import GATEWAY_SUBJECTS
from tests.costcheck.conformance.pull_subjects import OWN_SUBJECTS
from tests.costcheck.conformance.s3_subjects import S3_SUBJECTS
from tests.costcheck.conformance.table_subjects import TABLE_SUBJECTS

PULL_SUBJECTS: Mapping[str, PullSubject] = {**OWN_SUBJECTS, **GATEWAY_SUBJECTS, **CLOUD_SUBJECTS, **S3_SUBJECTS}
FILE_SUBJECTS: Mapping[str, FileSubject] = {**CONSOLE_SUBJECTS, **TABLE_SUBJECTS}

if __name__ == "__main__":  # for scripts/long.py, which fuzzes each
    sys.stdout.write("".join(f"{name}\n" for name in [*FILE_SUBJECTS, *PULL_SUBJECTS]))
