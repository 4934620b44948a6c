"""Validation of a crate against its profiles, without network.

The validator reads the JSON-LD context of RO-Crate from the web, by way of a cache of its own. The package rocrate
brings that very document, which is put into the cache first; in its offline mode the validator then asks for nothing.
"""

import json
import tempfile
from collections import Counter
from io import BytesIO
from pathlib import Path

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from rocrate import vocabs
from rocrate_validator import services
from rocrate_validator.models import Severity, ValidationSettings
from rocrate_validator.utils.http import HttpRequester
from urllib3 import HTTPResponse

PROFILE = "provenance-run-crate"  # extends those of the workflow's run, of its processes and of RO-Crate itself


def problems(crate: Path) -> tuple[list[str], Counter[str]]:
    """What the profiles require and the crate lacks; what they recommend and it lacks, with how many entities do."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "http"
        _fill(cache)
        settings = ValidationSettings(
            rocrate_uri=str(crate),
            profile_identifier=PROFILE,
            requirement_severity=Severity.RECOMMENDED,
            offline=True,
            cache_path=cache,
        )
        issues = services.validate(settings).get_issues(Severity.RECOMMENDED)
    required = [f"{issue.violatingEntity}: {issue.message}" for issue in issues if issue.severity == Severity.REQUIRED]
    recommended = Counter(issue.message for issue in issues if issue.severity == Severity.RECOMMENDED)
    return sorted(required), recommended


class _FromThePackage(HTTPAdapter):
    """Answers a request for the context with the copy of it that rocrate brings."""

    def send(self, request: PreparedRequest, **_: object) -> Response:
        document = BytesIO(json.dumps(vocabs.RO_CRATE).encode())
        headers = {"Content-Type": "application/ld+json"}
        return self.build_response(request, HTTPResponse(document, headers, status=200, preload_content=False))


def _fill(cache: Path) -> None:
    """Put the context that crates of version 1.1 name into the validator's cache."""
    session = HttpRequester.initialize_cache(cache_path=str(cache), cache_max_age=-1).session
    url = vocabs.RO_CRATE["@id"]
    session.mount(url, _FromThePackage())
    session.get(url)
