"""An executed notebook as one HTML page that loads nothing: formulas are MathML, figures are inside."""

import html
import json
import re
from typing import Any

import nbformat
from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert.exporters.html import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.formatters import HtmlFormatter


class _Renderer(IPythonRenderer):
    """Markdown whose formulas become MathML, which needs no script."""

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


def page(notebook: dict[str, Any], template: str, style: str) -> str:
    """The page of an executed notebook, titled by its first heading; the example parameters are left out.

    `template` extends one of nbconvert's; `style` is CSS.

    Raises ValueError if no cell begins with a heading.
    """
    shown = nbformat.reads(json.dumps(notebook), as_version=4)
    shown.cells = [cell for cell in shown.cells if "parameters" not in cell.metadata.get("tags", [])]
    title = next((found[1] for cell in shown.cells if (found := re.match(r"# (.*)", cell.source))), None)
    if title is None:
        raise ValueError("a notebook begins with a heading, which becomes the title of its page")
    resources = {"title": html.escape(title), "style": style + HtmlFormatter().get_style_defs(".highlight")}
    exporter = _Exporter(exclude_input_prompt=True, exclude_output_prompt=True)  # type: ignore[no-untyped-call]
    exporter.raw_template = template
    body: str = exporter.from_notebook_node(shown, resources)[0]
    return re.sub(r"\n{2,}", "\n", body.strip()) + "\n"
