"""Second half of `make archive`, in an environment of its own: from the inventory to a validated, deposit-ready zip."""

import json
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

from actions import add_actions
from contents import MANIFEST, add_datasets, add_files, add_interface, add_root
from crate import Crate
from tree import files_of_the_archive, sha256
from validate import PROFILE, problems

STILL = (1980, 1, 1, 0, 0, 0)  # the time of every file in the zip: the first that the format can hold


def main(inventory_file: Path, archives: Path) -> None:
    """Write archives/<name>/ and archives/<name>.zip; the zip only if the crate passes its profiles."""
    inventory = json.loads(inventory_file.read_text(encoding="utf-8"))
    folder, package = archives / inventory["name"], archives / f"{inventory['name']}.zip"
    package.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    crate = run_crate(inventory)
    crate.write(folder)
    write_manifest(folder)
    required, recommended = problems(folder)
    for message, entities in sorted(recommended.items()):
        print(f"recommended, not given ({entities}): {message}")
    if required:
        sys.exit("\n".join([f"{folder} is no {PROFILE}:", *required]))
    pack(folder, package)
    size = package.stat().st_size / 1e6
    print(f"{package}: {len(crate.data_entities)} files, {size:.0f} MB, a valid {PROFILE}, SHA-256 {sha256(package)}")


def run_crate(inventory: dict[str, Any]) -> Crate:
    """The crate of the run that the inventory describes."""
    crate = Crate(inventory)
    add_root(crate)
    add_files(crate, files_of_the_archive(crate.results))
    add_interface(crate)
    add_actions(crate, add_datasets(crate))
    return crate


def write_manifest(folder: Path) -> None:
    """Fill the manifest: a line for every other file, as `sha256sum` writes it."""
    manifest = folder / MANIFEST
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != manifest)
    lines = [f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    manifest.write_text("".join(lines), encoding="utf-8")


def pack(folder: Path, package: Path) -> None:
    """Zip a folder: sorted, without times, stored as it is, so that the same files are the same bytes everywhere.

    Compression would save a tenth, and its bytes differ from one version of zlib to the next.
    """
    with zipfile.ZipFile(package, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), STILL)
            entry.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python archive/build.py INVENTORY.json FOLDER")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
