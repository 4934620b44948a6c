"""What Snakemake has said of the jobs behind targets, which holds until something that it goes by is different.

To ask it takes seconds, since it imports and builds the whole workflow. What it says follows from the question, which
counts sources, configuration and versions, and from what is in the files that the jobs read and do not make: a data set
of the user's own may have labels or not.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from ssl_dynamics.engine.artifacts import sha256, write_json
from ssl_dynamics.engine.digests import digest

_FOLDER = Path(".snakemake/answers")
# By their contents; and of the reference, what there is.
_READ = ("Snakefile", "workflow", "src", "paper", "requirements.lock", "environment.yml")
_LISTED = "results/reference"


def question(about: str, configuration: Path) -> str:
    """A hash of what is asked and of all that the answer follows from: sources, configuration, versions, folder."""
    said = [about, str(Path.cwd()), sys.version, version("snakemake")]
    found = hashlib.sha256(json.dumps(said).encode())
    for path in [configuration, *_files(_READ)]:
        found.update(f"{path}\0{sha256(path) if path.is_file() else None}\0".encode())
    found.update(json.dumps([str(path) for path in _files([_LISTED])]).encode())
    return found.hexdigest()


def remembered(asked: str, about: str) -> list[str] | None:
    """The commands that were the answer to a question about a configuration.

    None if another was asked last, and if a file that the jobs read has changed since.
    """
    try:
        kept = json.loads(_file(about).read_text(encoding="utf-8"))
        commands: list[str] = kept["commands"]
        same = kept["question"] == asked and all(digest(file) == then for file, then in kept["read"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return commands if same else None


def remember(asked: str, about: str, commands: Sequence[str], read: Mapping[str, str | None]) -> None:
    """Keep an answer in place of the last one about this configuration; where nothing can be written it is not kept.

    `read` has the hashes of the files that the jobs read and do not make.
    """
    with suppress(OSError):
        write_json(_file(about), {"question": asked, "commands": list(commands), "read": dict(read)})


def _file(about: str) -> Path:
    return _FOLDER / f"{hashlib.sha256(about.encode()).hexdigest()[:16]}.json"


def _files(names: Iterable[str]) -> list[Path]:
    """Files of these names, or below folders of these names, in order, without bytecode."""
    tops = [Path(name) for name in names]
    found = [path for top in tops for path in (top.rglob("*") if top.is_dir() else [top])]
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)
