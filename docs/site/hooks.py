"""What the site has beyond the Markdown of docs/: pages from elsewhere, the API, and formulas that are typeset.

MkDocs calls the functions named `on_…` (`mkdocs.yml`). The Markdown stays plain, so that GitHub shows the same pages.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

TOP = Path(__file__).resolve().parents[2]

# Pages that lie outside docs/, where contributors look for them, and where they are in the site.
FROM_ELSEWHERE = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "config/README.md": "source/config.md",
    "results/README.md": "source/results.md",
}
PACKAGES = {
    "theory": "Closed forms and exact equations of the dynamics, from C (or a kernel) and the start alone.",
    "problem": "From views to the quadratic form C.",
    "kernels": "Tangent kernels of finite and of infinite width, and features.",
    "analysis": "Angles, distances, ranks, fitted orders and intervals.",
}
SHOWN = 60_000  # bytes: larger files are copied as they are

_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)\s]+)(?=\))")
_INDICES = "[ijklab]"
# An index after three small letters is part of a name, such as grassmann_flow.
_SUBSCRIPT = re.compile(
    rf"(?:(?<![a-z]{{3}})|(?<=log)|(?<=min)|(?=_\d))_(\{{[^{{}}]*\}}|max|min|\d(?:,?{_INDICES}{{2}})|\d+(?:\.\d+)?|{_INDICES}{{2}}(?!\w)"
    rf"|{_INDICES}{{2}}|[A-Za-zΑ-Ωα-ω∞·+])"
)
_SUPERSCRIPT = re.compile(r"\^(\{[^{}]*\}|\d+|[a-zκτ½¼])")
# Elements in which an underscore is one.
_LITERAL = re.compile(r"<(code|pre|script|style|svg|h[1-6])\b.*?</\1>", re.DOTALL)
_TAG = re.compile(r"(<[^>]*>)")
# A block that was indented and so has no language: equations, in the pages that have them.
_EQUATIONS = re.compile(
    r'<div class="(?:language-text )?highlight"><pre>(?:<span></span>)?<code>(.*?)</code></pre></div>', re.DOTALL
)
_TABLE = re.compile("<table>.*?</table>", re.DOTALL)
_REACHED = 'tabindex="0" role="group" aria-label="{}"'
_WITH_EQUATIONS = ("theory.md", "science.md", "library/")
_WITH_INDICES = ("theory.md", "science.md", "claims.md", "abstracts.md", "changes-after-results.md", "library/")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from elsewhere, those of the API, and each file of the project that a page links to."""
    for source, name in FROM_ELSEWHERE.items():
        files.append(File.generated(config, name, content=(TOP / source).read_text(encoding="utf-8")))
    for package, what in PACKAGES.items():
        files.append(File.generated(config, f"library/{package}.md", content=_api(package, what)))
    linked = {target for file in list(files.documentation_pages()) for target in _outside(file)}
    for target in sorted(linked):
        path = TOP / target
        if path.is_file() and path.stat().st_size > SHOWN:
            files.append(File.generated(config, f"source/{target}", abs_src_path=str(path)))
        elif path.exists():  # else the link stays as it is, and the build fails for it
            files.append(File.generated(config, f"{_shown_at(target)}", content=_shown(target)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links that leave docs/ to where the site has what they name."""
    del config, files
    here = _folder_of(page.file)

    def led(match: re.Match[str]) -> str:
        path, mark, anchor = match[1].partition("#")
        target = posixpath.normpath(posixpath.join(here, path)) if path else ""
        place = _place(target)
        if not place:
            return match[1]
        return posixpath.relpath(place, posixpath.dirname(page.file.src_uri) or ".") + mark + anchor

    return _LINK.sub(led, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Typeset equations and indices; let the keyboard reach what scrolls."""
    del config, files
    name = page.file.src_uri
    html = _TABLE.sub(lambda table: f'<div class="scrolls" {_REACHED.format("Table")}>{table[0]}</div>', html)
    if name.startswith(_WITH_EQUATIONS):
        html = _EQUATIONS.sub(
            lambda block: f'<div class="equation" {_REACHED.format("Equation")}>{_typeset(block[1])}</div>', html
        )
    if name.startswith(_WITH_INDICES):
        html = _outside_literals(html)
    return html


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Name the search for those who do not see it."""
    del page, config
    return output.replace(
        'data-md-component="search" role="dialog"', 'data-md-component="search" role="dialog" aria-label="Search"'
    )


def _api(package: str, what: str) -> str:
    name = f"ssl_dynamics.{package}"
    return f"# `{name}`\n\n{what} Equations are those of [the theory](../theory.md).\n\n::: {name}\n"


def _folder_of(file: File) -> str:
    """The folder of the project in which the text of a page lies, against which its links are meant."""
    elsewhere = {name: source for source, name in FROM_ELSEWHERE.items()}
    return posixpath.dirname(elsewhere.get(file.src_uri, f"docs/{file.src_uri}"))


def _outside(file: File) -> Iterator[str]:
    """What a page links to that is in the project and not in docs/."""
    for target in _LINK.findall(file.content_string):
        path = posixpath.normpath(posixpath.join(_folder_of(file), target.partition("#")[0]))
        if not path.startswith(("docs/", "../")) and path not in ("README.md", "docs", *FROM_ELSEWHERE):
            yield path


def _place(target: str) -> str:
    """Where the site has a file or folder of the project; nothing where the link is to be left alone."""
    if target in FROM_ELSEWHERE:
        return FROM_ELSEWHERE[target]
    if target == "README.md":
        return target
    if target.startswith("docs/"):
        return target.removeprefix("docs/")
    path = TOP / target
    if not target or not path.exists():
        return ""
    return f"source/{target}" if path.is_file() and path.stat().st_size > SHOWN else _shown_at(target)


def _shown_at(target: str) -> str:
    return f"source/{target}.md"


def _shown(target: str) -> str:
    """The page that shows a text of the project, or lists a folder."""
    path = TOP / target
    if path.is_dir():
        names = sorted(
            f"- `{each.name}{'/' if each.is_dir() else ''}`" for each in path.iterdir() if each.name[0] not in "._"
        )
        return f"# `{target}/`\n\n" + "\n".join(names) + "\n"
    language = {".py": "python", ".yaml": "yaml", ".json": "json", ".sh": "bash"}.get(path.suffix, "text")
    return f"# `{target}`\n\n~~~~~~{language}\n{path.read_text(encoding='utf-8')}\n~~~~~~\n"


def _outside_literals(html: str) -> str:
    """Typeset what is neither code nor a heading nor an equation, which is typeset already."""
    parts, end = [], 0
    for literal in _LITERAL.finditer(html):
        parts += [_typeset(html[end : literal.start()]), literal[0]]
        end = literal.end()
    return "".join([*parts, _typeset(html[end:])])


def _typeset(html: str) -> str:
    """Indices and exponents of text that may hold tags: λ_1 and e^{−2λ_kt}, the inner ones first."""
    return "".join(part if part.startswith("<") else _raised(part) for part in _TAG.split(html))


def _raised(text: str) -> str:
    for element, pattern in (("sub", _SUBSCRIPT), ("sup", _SUPERSCRIPT)):
        for _ in range(3):  # braces within braces
            text = pattern.sub(lambda match, name=element: f"<{name}>{match[1].strip('{}')}</{name}>", text)
    return text
