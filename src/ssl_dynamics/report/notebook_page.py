"""An executed notebook as one HTML page that loads nothing: formulas are MathML, figures are inside."""

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert.exporters.html import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.formatters import HtmlFormatter

from ssl_dynamics.report.links import Links
from ssl_dynamics.report.parts import PARTS
from ssl_dynamics.report.settings import NotebookSettings


class _Renderer(IPythonRenderer):
    """Markdown whose formulas become MathML, which needs no script; links between notebooks become those of pages."""

    def link(self, text: str, url: str, title: str | None = None) -> str:
        page_of: str = super().link(text, re.sub(r"^([\w-]+)\.ipynb$", r"\1.html", url), title)
        return page_of

    def inline_math(self, body: str) -> str:
        return convert(body)

    def block_math(self, body: str) -> str:
        formula = convert(body, display="block")
        return f'<span class="formula" tabindex="0" role="group" aria-label="formula">{formula}</span>'


class _Exporter(HTMLExporter):
    """The exporter without links beside headings."""

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:  # noqa: ARG002 -- a filter of nbconvert has this form
        rendered: str = MarkdownWithMath(renderer=_Renderer(escape=False, exclude_anchor_links=True)).render(source)
        return rendered


def around(settings: NotebookSettings, links: Links) -> dict[str, Any]:
    """What the page of a notebook leads to: the other notebooks, their code, the code of the figures."""
    here = 3  # folders below the top of the tree
    return {
        "name": Path(settings.notebook).stem,
        "notebooks": [(name, PARTS[name].title) for name in settings.notebooks],
        "source": links.to(settings.notebook, depth=here),
        "code": {module: links.to(f"src/{module.replace('.', '/')}.py", depth=here) for module in settings.code},
    }


def page(notebook: dict[str, Any], template: str, style: str, around: Mapping[str, Any]) -> str:
    """The page of an executed notebook, titled by its first heading; the example parameters are left out.

    `template` extends one of nbconvert's; `style` is CSS; `around` is what the page leads to.

    Raises ValueError if no cell begins with a heading.
    """
    shown = nbformat.reads(json.dumps(notebook), as_version=4)
    shown.cells = [cell for cell in shown.cells if "parameters" not in cell.metadata.get("tags", [])]
    title = next((found[1] for cell in shown.cells if (found := re.match(r"# (.*)", cell.source))), None)
    if title is None:
        raise ValueError("a notebook begins with a heading, which becomes the title of its page")
    # Code in the dark has colours of its own.
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    light = HtmlFormatter().get_style_defs(".highlight")
    resources = {
        "title": html.escape(title),
        "style": f"{light}@media (prefers-color-scheme: dark) {{{dark}}}{style}",
        "around": around,
    }
    exporter = _Exporter(exclude_input_prompt=True, exclude_output_prompt=True)  # type: ignore[no-untyped-call]
    exporter.raw_template = template
    body: str = exporter.from_notebook_node(shown, resources)[0]
    return re.sub(r"\n{2,}", "\n", body.strip()) + "\n"
