"""Stage `notebook`: execute the notebook on the results and scrub it to reproducible bytes."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import papermill

from ssl_dynamics.pipeline.artifacts import whole_file
from ssl_dynamics.pipeline.settings import NoSettings
from ssl_dynamics.pipeline.stage import Job, main


def compute(job: Job[NoSettings]) -> None:
    parameters = {
        "claims": job.input("claims").as_posix(),
        **{name: [path.as_posix() for path in job.inputs[name]] for name in ("collapse", "errors")},
    }
    with tempfile.TemporaryDirectory() as folder:
        executed = Path(folder) / "executed.ipynb"
        os.environ["IPYTHONDIR"] = folder  # no history of the user's is read or written
        try:
            papermill.execute_notebook(
                str(job.input("notebook")), str(executed), parameters, kernel_name="python3", progress_bar=False
            )
        except papermill.PapermillExecutionError as error:
            raise RuntimeError(
                f"{job.input('notebook')}, cell {error.exec_count}: {error.ename}: {error.evalue}"
            ) from error
        notebook = json.loads(executed.read_text(encoding="utf-8"))
    with whole_file(job.output("notebook")) as part:
        part.write_text(json.dumps(scrub(notebook), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def scrub(notebook: dict[str, Any]) -> dict[str, Any]:
    """Drop what differs from run to run: times, versions, paths and random cell names kept in the metadata."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook["metadata"] = {"kernelspec": kernel, "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook["cells"]):
        tags = cell["metadata"].get("tags", [])
        cell["metadata"] = {"tags": tags} if tags else {}
        cell["id"] = f"cell-{number}"
        for output in cell.get("outputs", []):
            output.pop("metadata", None)
            if output["output_type"] in ("display_data", "execute_result"):
                output["metadata"] = {}
    return notebook


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.notebook", NoSettings, compute)
