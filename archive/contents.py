"""What a crate holds and refers to: files, licences, data sets, the workflow and the software it needs."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

from crate import PRODUCTS, Crate, Entry, compact
from rocrate.model.contextentity import ContextEntity
from tree import media_type, sha256

MANIFEST = "manifest-sha256.txt"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
CONDA = "https://docs.conda.io/projects/conda/en/latest/user-guide/tasks/manage-environments.html"
LICENCES = {"MIT": "MIT License", "CC-BY-4.0": "Creative Commons Attribution 4.0 International"}


def add_root(crate: Crate) -> None:
    """What the archive is, by whom, under which licence, and how its reader checks it."""
    citation, root = crate.inventory["citation"], crate.root_dataset
    config = crate.inventory["config"]
    root["name"] = f"{citation['title']}, run of the configuration {crate.inventory['name']}"
    root["description"] = (
        f"{citation['abstract']} Code, results and provenance of one run. Unpacked with unzip, "
        f"`sha256sum -c {MANIFEST}` checks the files, `make check CONFIG={config}` every artifact against its "
        "provenance, and "
        f"`make run CONFIG={config}` finds nothing to do."
    )
    root["license"] = licence(crate, citation["license"])
    root["author"] = compact(crate.agents)
    root["version"] = citation["version"]
    root["datePublished"] = max(job["end"] for job in crate.inventory["jobs"])
    root["keywords"] = ["self-supervised learning", "training dynamics", "replication", "Snakemake"]
    root["citation"] = compact(
        [
            crate.describe(work["url"], "ScholarlyArticle", name=work["title"], datePublished=str(work["year"]))
            for work in citation["references"]
        ]
    )
    root["conformsTo"] = [
        crate.describe(url, "CreativeWork", name=name, version=version) for url, (name, version) in PROFILES.items()
    ]


def licence(crate: Crate, name: str) -> ContextEntity:
    page = f"https://spdx.org/licenses/{name}"
    return crate.describe(page, "CreativeWork", name=LICENCES[name], identifier=name, url=page)


def add_files(crate: Crate, paths: list[Path]) -> None:
    """Every file with its type, size and checksum; those of the stages are the tools of the workflow."""
    tools = {job["tool"] for job in crate.inventory["jobs"]}
    version = crate.inventory["citation"]["version"]
    for path in paths:
        properties: Entry = {
            "name": path.as_posix(),
            "encodingFormat": media_type(path),
            "contentSize": str(path.stat().st_size),
            "sha256": sha256(path),
        }
        if path.as_posix() in tools:
            properties |= {"@type": ["File", "SoftwareSourceCode"], "version": version}
        if path.parent == crate.results and path.name in PRODUCTS:
            properties["description"] = PRODUCTS[path.name]
        if path == Path("Snakefile"):
            add_main_workflow(crate, properties)
        else:
            crate.files[path.as_posix()] = crate.add_file(path, path, properties=properties)
    crate.files["README.md"]["about"] = crate.root_dataset
    what = "SHA-256 of every other file, as `sha256sum -c` reads it"
    # Filled when all else is written, the metadata too: it has no checksum of its own.
    crate.add_file(
        StringIO(), MANIFEST, properties={"name": MANIFEST, "description": what, "encodingFormat": "text/plain"}
    )


def add_main_workflow(crate: Crate, properties: Entry) -> None:
    """The Snakefile: in what language, by whom, with which software."""
    crate.files["Snakefile"] = workflow = crate.add_workflow(
        "Snakefile",
        "Snakefile",
        main=True,
        lang="snakemake",
        lang_version=crate.inventory["versions"]["snakemake"],
        properties=properties | {"@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]},
    )
    workflow["name"] = crate.inventory["citation"]["title"]
    workflow["version"] = crate.inventory["citation"]["version"]
    workflow["author"] = compact(crate.agents)
    workflow["license"] = crate.root_dataset["license"]
    workflow["softwareRequirements"] = [crate.software(name) for name in crate.inventory["versions"]]
    workflow["conformsTo"] = crate.describe(BIOSCHEMAS, "CreativeWork", name="Bioschemas ComputationalWorkflow")


def add_interface(crate: Crate) -> None:
    """What goes into the workflow, what comes out, and the environment that it is redone in."""
    workflow, environment = crate.files["Snakefile"], crate.files["environment.yml"]
    environment["conformsTo"] = crate.describe(CONDA, "CreativeWork", name="Conda environment file", url=CONDA)
    workflow["buildInstructions"] = environment
    workflow["input"] = _parameter(crate, "configfile", crate.inventory["config"])
    workflow["output"] = [_parameter(crate, name, (crate.results / name).as_posix()) for name in PRODUCTS]


def _parameter(crate: Crate, name: str, path: str) -> ContextEntity:
    file = crate.files[path]
    parameter = crate.describe(
        f"#parameter/{name}", "FormalParameter", name=name, additionalType="File", workExample=file
    )
    file["exampleOfWork"] = parameter
    return parameter


def add_datasets(crate: Crate) -> dict[str, Any]:
    """By name, and by the path of each of their files, the entities that stand for the data sets."""
    found: dict[str, Any] = {}
    for dataset in crate.inventory["datasets"]:
        identifier, source, terms = f"#data/{dataset['name']}", dataset.get("source"), dataset.get("licence")
        parts = {file["path"]: _data_file(crate, identifier, file) for file in dataset["files"]}
        found |= parts
        found[dataset["name"]] = crate.describe(
            identifier,
            "CreativeWork",
            name=dataset["title"],
            description=f"{dataset['note']}. Settings: {json.dumps(dataset['settings'])}",
            license=terms and licence(crate, terms),
            isBasedOn=source and crate.describe(source, "CreativeWork", name=dataset["title"], url=source),
            hasPart=list(parts.values()),
        )
    return found


def _data_file(crate: Crate, dataset: str, file: Entry) -> Any:
    """The file itself where the archive holds it, else what it was."""
    if file["path"] in crate.files:
        return crate.files[file["path"]]
    return crate.describe(
        f"{dataset}/{file['path'].lstrip('/')}",
        "CreativeWork",
        name=file["path"],
        sha256=file["sha256"],
        contentSize=str(file["bytes"]),
    )
