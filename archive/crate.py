"""The crate of a run; `contents` adds what there is, `actions` what was done, in the terms of its profiles."""

from pathlib import Path
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

Entry = dict[str, Any]

RO_CRATE = "1.1"  # the version that the profiles of workflow runs build on
# Terms that the context of RO-Crate 1.1 lacks: of https://w3id.org/ro/terms/workflow-run/context and of CodeMeta.
FURTHER_TERMS = {
    "sha256": "https://w3id.org/ro/terms/workflow-run#sha256",
    "resourceUsage": "https://w3id.org/ro/terms/workflow-run#resourceUsage",
    "buildInstructions": "https://codemeta.github.io/terms/buildInstructions",
}
PRODUCTS = {  # files of a run that its readers start from
    "claims.json": "the verdict on every claim: value, interval, criterion, control, the tables it was computed from",
    "findings.json": "what each figure shows, in a sentence that follows from the verdicts",
    "report.html": "the claims page, one file for readers",
    "explorer.html": "the closed forms to play with, beside trained weights, one file",
    "paper.pdf": "the replication report",
}


class Crate(ROCrate):
    """A crate with what its parts share: the inventory, the files by their path, the authors."""

    def __init__(self, inventory: Entry) -> None:
        super().__init__(version=RO_CRATE)
        self.metadata.extra_terms.update(FURTHER_TERMS)
        self.inventory = inventory
        self.results = Path(inventory["results"])
        self.files: dict[str, Any] = {}
        self.agents = [self._agent(author) for author in inventory["citation"]["authors"]]

    def describe(self, identifier: str, kind: str, /, **properties: Any) -> ContextEntity:
        """Add an entity that is no file of the archive. Properties without a value are left out."""
        given = {key: compact(value) for key, value in properties.items() if value not in (None, [], "")}
        return self.add(ContextEntity(self, identifier, properties={"@type": kind} | given))

    def software(self, name: str) -> ContextEntity:
        """A package in the version of the lock file."""
        version = self.inventory["versions"][name]
        page = f"https://pypi.org/project/{name}/{version}/"
        return self.describe(page, "SoftwareApplication", name=name, softwareVersion=version, url=page)

    def _agent(self, author: Entry) -> ContextEntity:
        """A person or, where CITATION.cff gives one name alone, an organisation."""
        if "name" in author:
            return self.describe("#authors", "Organization", name=author["name"], url=author.get("website"))
        name = f"{author['given-names']} {author['family-names']}"
        return self.describe(author.get("orcid", f"#{name.replace(' ', '-')}"), "Person", name=name)


def compact(value: Any) -> Any:
    """A list of one as that one, as RO-Crate recommends."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
