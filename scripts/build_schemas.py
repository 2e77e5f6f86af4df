"""Write the published JSON Schemas from the records that they describe.

python scripts/build_schemas.py           write them
python scripts/build_schemas.py --check   fail unless the committed files are what comes out
"""

import argparse
import sys
from pathlib import Path

from costcheck.gate.result import result_schema
from costcheck.verdict import decision_schema

FOLDER = Path(__file__).parents[1] / "costcheck" / "data" / "schema"


def main() -> int:
    """Write the schemas, or check the committed ones; 0 when all is well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    checking = parser.parse_args().check
    schemas = {"decision.schema.json": decision_schema(), "gate.schema.json": result_schema()}
    return max(_checked(name, schema) if checking else _written(name, schema) for name, schema in schemas.items())


def _written(name: str, schema: bytes) -> int:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / name).write_bytes(schema)
    print(f"{name}: {len(schema):,} bytes")
    return 0


def _checked(name: str, schema: bytes) -> int:
    path = FOLDER / name
    same = path.is_file() and path.read_bytes() == schema
    print(f"{name}: {'identical' if same else 'DIFFERS: run scripts/build_schemas.py'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
