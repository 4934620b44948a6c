"""The commit of the tree in the working folder, and where others find it."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

CITATION = Path("CITATION.cff")
_SCP = re.compile(r"(?:[\w.-]+@)?(?P<host>[\w-]+(?:\.[\w-]+)+):(?P<path>[^/].*)")  # git@host:owner/name.git

# The user's settings may hide files, or have git run a program.
_SETTINGS = (
    *("-c", "safe.directory=*", "-c", "core.fsmonitor=false"),
    *("-c", "status.showUntrackedFiles=normal", "-c", f"core.excludesFile={os.devnull}"),
)


def commit_here() -> dict[str, Any] | None:
    """Commit of the tree, and whether files differ from it; None where the folder is no git checkout of its own."""
    status = _git("status", "--porcelain=v2", "--branch")
    if status is None:
        return None
    lines = status.splitlines()
    commit = next((line.split()[-1] for line in lines if line.startswith("# branch.oid ")), None)
    return {"commit": commit, "dirty": any(not line.startswith("#") for line in lines)}


def published_at() -> str | None:
    """The address on the web of the repository that has this commit; None where none is known to have it.

    It is the `repository-code` of the citation, else that of the remote `origin`; no credentials are kept. Only what
    a remote is known to hold counts: a commit that was never pushed has no address.
    """
    if not _git("branch", "--remotes", "--contains", "HEAD"):
        return None
    cited = yaml.safe_load(CITATION.read_text(encoding="utf-8")) if CITATION.is_file() else {}
    return web_address(str(cited.get("repository-code") or _git("remote", "get-url", "origin") or "").strip())


def web_address(remote: str) -> str | None:
    """The page of a repository on the web, from the address that git has of it; None where it is a folder."""
    if scp := _SCP.fullmatch(remote):
        host, path = scp["host"], scp["path"]
    else:
        parts = urlsplit(remote)
        if parts.scheme not in ("https", "http", "ssh", "git") or not parts.hostname:
            return None
        port = f":{parts.port}" if parts.port and parts.scheme in ("https", "http") else ""
        host, path = parts.hostname + port, parts.path
    return f"https://{host}/{path.strip('/').removesuffix('.git')}"


def _git(*arguments: str) -> str | None:
    """What git says of this folder; None where it fails, or where a folder above is the checkout."""
    own = {
        "GIT_CEILING_DIRECTORIES": str(Path.cwd().parent),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    try:
        return subprocess.run(
            ["git", "--no-optional-locks", *_SETTINGS, *arguments],
            env=os.environ | own,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
