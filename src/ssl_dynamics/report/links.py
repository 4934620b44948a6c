"""Where the code is: at its commit on the web, if it is known to be there, else in the tree around the results."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from ssl_dynamics.engine.commit import commit_here, published_at

_FILES_OF_A_COMMIT = ("github.", "gitlab.")  # hosts that show a file of a commit below /blob/COMMIT/


@dataclass(frozen=True)
class Links:
    """The commit, whether files differ from it, and the address of its repository; empty is what is not known."""

    commit: str = ""
    dirty: bool = False
    repository: str = ""

    @property
    def to_commit(self) -> str:
        """The page of the commit; empty where none is known."""
        return f"{self.repository}/commit/{self.commit}" if self.repository else ""

    def to(self, path: str, *, depth: int = 2) -> str:
        """A file of the tree, from a page that lies so many folders below its top."""
        if self.repository and not self.dirty and urlsplit(self.repository).netloc.startswith(_FILES_OF_A_COMMIT):
            return f"{self.repository}/blob/{self.commit}/{quote(path)}"
        return "../" * depth + quote(path)

    def to_text(self, path: str, text: str) -> str:
        """A text in a file: a text fragment leads to it, in which hyphens have a meaning of their own."""
        return f"{self.to(path)}#:~:text={quote(text).replace('-', '%2D')}"


def links_here() -> Links:
    """Those of the tree in the working folder."""
    found = commit_here()
    if not found or not re.fullmatch("[0-9a-f]+", found["commit"] or ""):  # a new repository has none
        return Links()
    return Links(found["commit"], found["dirty"], published_at() or "")
