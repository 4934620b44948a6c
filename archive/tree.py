"""Which files of the project an archive holds, and what they are."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

# Top of the project: all that is needed to check, read and redo a run. A test holds this list to what git tracks.
CODE = (
    ".ci",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".snakemake-workflow-catalog.yml",
    ".zenodo.json",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "Snakefile",
    "archive",
    "benchmarks",
    "config",
    "crosscheck",
    "docs",
    "environment.yml",
    "mkdocs.yml",
    "paper",
    "profiles",
    "pyproject.toml",
    "requirements.in",
    "requirements.lock",
    "scripts",
    "src",
    "tests",
    "workflow",
)
LEFT_BY_TOOLS = {"__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".hypothesis", ".mypy_cache", ".ruff_cache"}

MEDIA_TYPES = {
    ".bib": "application/x-bibtex",
    ".cff": "application/yaml",
    ".css": "text/css",
    ".csv": "text/csv",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".j2": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".npz": "application/zip",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python",
    ".rst": "text/x-rst",
    ".smk": "text/x-python",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".tsv": "text/tab-separated-values",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


def files_of_the_archive(results: Path) -> list[Path]:
    """Code and results, sorted; paths are relative to the top of the project."""
    named = [*map(Path, CODE), results, Path("results/README.md"), Path("results/reference")]
    return sorted({path for top in named for path in _files_below(top)})


def media_type(path: Path) -> str:
    return MEDIA_TYPES.get(path.suffix, "text/plain")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files_below(top: Path) -> Iterator[Path]:
    if top.is_file():
        yield top
    for path in top.rglob("*") if top.is_dir() else ():
        if path.is_file() and not LEFT_BY_TOOLS & set(path.parts) and ".egg-info" not in "".join(path.parts):
            yield path
