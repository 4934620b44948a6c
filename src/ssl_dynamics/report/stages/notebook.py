"""Execute a notebook on the results; scrub it to reproducible bytes; make a page of it."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import papermill
from traitlets.config import Config

from ssl_dynamics.engine import clean_environment
from ssl_dynamics.engine.artifacts import whole_file
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.report.links import links_here
from ssl_dynamics.report.notebook_page import around, page
from ssl_dynamics.report.settings import NotebookSettings

_KERNEL = "ssl-dynamics"
_SOCKET = 103  # bytes that the path of a socket may have: on macOS, the tightest
_OF_KERNEL = len("/kernel-1")


def notebook(job: Job[NotebookSettings]) -> None:
    """Stage `notebook`."""
    parameters = {
        "claims": job.input("claims").as_posix(),
        "figures": [path.as_posix() for path in job.inputs.get("figures", [])],
        "findings": job.input("findings").as_posix(),
        **{name: [path.as_posix() for path in job.inputs.get(name, [])] for name in job.settings.tables},
    }
    output = job.output("notebook")
    # Kept if a cell fails, for reading; among the logs, since the outputs of a failed job are deleted.
    partial = output.parents[1] / "logs/notebooks" / f"{output.stem}.failed.ipynb"
    executed = execute(Path(job.settings.notebook), partial, parameters)
    for text in (text for cell in executed["cells"] for text in warnings(cell)):
        job.log.info("%s", text)
    scrubbed = scrub(with_banner(executed, job.settings.banner))
    _write(output, json.dumps(scrubbed, indent=1, ensure_ascii=False) + "\n")
    template, style = (job.input(name).read_text(encoding="utf-8") for name in ("template", "style"))
    _write(job.output("page"), page(scrubbed, template, style, around(job.settings, links_here())))
    partial.unlink()


def with_banner(notebook: dict[str, Any], banner: str) -> dict[str, Any]:
    """The notebook that says, below its title, why its run is not the replication."""
    if banner:
        title, _, rest = banner.partition(". ")
        source = f"> **{title}.** {rest}"
        notebook["cells"].insert(1, {"cell_type": "markdown", "id": "banner", "metadata": {}, "source": source})
    return notebook


def execute(source: Path, copy: Path, parameters: dict[str, Any]) -> dict[str, Any]:
    """Execute the notebook `source` with parameters into `copy`, which holds it up to the cell that fails, if any.

    Raises RuntimeError with the number of that cell, as in "In [3]".
    """
    copy.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, _sockets() as sockets:
        _write_kernel(Path(folder))
        # No history, kernel or setting of the user's is read or written.
        own = dict.fromkeys(("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"), folder)
        try:
            with clean_environment.entered(**own):
                papermill.execute_notebook(
                    str(source),
                    str(copy),
                    parameters,
                    kernel_name=_KERNEL,
                    progress_bar=False,
                    # Sockets in a folder of their own: kernels that run at the same time cannot take each other's
                    # ports, nor, by default, each other's sockets in the folder that they share.
                    config=Config(KernelManager={"transport": "ipc", "ip": f"{sockets}/kernel"}),
                )
        except papermill.PapermillExecutionError as error:
            raise RuntimeError(
                f"{source}, In [{error.exec_count}]: {error.ename}: {error.evalue}; executed up to there: {copy}"
            ) from error
    notebook: dict[str, Any] = json.loads(copy.read_text(encoding="utf-8"))
    return notebook


@contextmanager
def _sockets() -> Iterator[str]:
    """A folder for sockets, whose paths may not be long: that of temporary files, or else one that is always there.

    Raises OSError if none of them can be written to.
    """
    for place in (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"):
        try:
            folder = tempfile.TemporaryDirectory(prefix="k", dir=place)
        except OSError:
            continue
        with folder as path:
            if len(os.fsencode(path)) + _OF_KERNEL <= _SOCKET:
                yield path
                return
    raise OSError(
        f"{tempfile.gettempdir()}: too long a path for the sockets of a kernel, which may have {_SOCKET} bytes, and "
        "/tmp cannot be written to; name a shorter folder in TMPDIR"
    )


def _write_kernel(folder: Path) -> None:
    """The kernel that runs the notebooks, in a data folder of Jupyter's: the Python that runs this."""
    place = folder / "kernels" / _KERNEL
    place.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": argv, "display_name": _KERNEL, "language": "python"}
    (place / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")


def warnings(cell: dict[str, Any]) -> list[str]:
    """What a cell wrote to standard error."""
    return ["".join(output["text"]) for output in cell.get("outputs", []) if output.get("name") == "stderr"]


def scrub(notebook: dict[str, Any]) -> dict[str, Any]:
    """Drop what differs from run to run or names this machine.

    Times, versions, paths and random cell names are in the metadata, paths and process numbers in warnings as well.
    """
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook["metadata"] = {"kernelspec": kernel, "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook["cells"]):
        tags = cell["metadata"].get("tags", [])
        cell["metadata"] = {"tags": tags} if tags else {}
        cell["id"] = f"cell-{number}"
        if "outputs" in cell:
            cell["outputs"] = [output for output in cell["outputs"] if output.get("name") != "stderr"]
        for output in cell.get("outputs", []):
            alternative = output.pop("metadata", {}).get("image/png", {}).get("alt")
            if output["output_type"] in ("display_data", "execute_result"):
                output["metadata"] = {"image/png": {"alt": alternative}} if alternative else {}
    return notebook


def _write(path: Path, text: str) -> None:
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")
