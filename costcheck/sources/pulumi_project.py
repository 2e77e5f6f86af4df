"""What a Pulumi project says of itself."""

from pathlib import Path
from typing import Any

import yaml

from costcheck.errors import InputFileError

FILE = "Pulumi.yaml"


def program_folder(folder: Path) -> Path:
    """Return the folder of the program, which its own relative paths start from: `main`, or the project's folder.

    Raises:
        InputFileError: Pulumi.yaml is there, but is no project.
    """
    try:
        project: Any = yaml.safe_load((folder / FILE).read_bytes())
    except FileNotFoundError:
        return folder
    except (OSError, yaml.YAMLError, UnicodeError) as exc:
        raise _unreadable(folder) from exc
    main = project.get("main", ".") if isinstance(project, dict) else None
    if not isinstance(main, str):
        raise _unreadable(folder)
    # `main` may also name a file of the program (https://www.pulumi.com/docs/iac/concepts/projects/project-file/).
    path = folder / main
    return path.parent if path.is_file() else path


def _unreadable(folder: Path) -> InputFileError:
    message = f"{folder / FILE} is not the file of a Pulumi project"
    return InputFileError(message, expected="YAML with `name`, and `main` as text", action="mend the file")
