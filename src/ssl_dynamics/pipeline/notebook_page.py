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

_TEMPLATE = """{%- extends 'basic/index.html.j2' -%}
{% block header %}<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ resources.title }}</title>
<style>
{{ resources.style }}
</style>
</head>
<body>
<main>
{% endblock header %}
{% block input %}<details><summary>Code</summary>{{ super() }}</details>{% endblock input %}
{% block footer %}</main>
</body>
</html>
{% endblock footer %}
"""

_STYLE = """:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #1a1a1a; font: 1.05rem/1.55 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
h1, h2 { line-height: 1.25; }
h2 { margin-top: 2.2rem; }
a { color: #0645ad; }
img { max-width: 100%; height: auto; display: block; margin: 0.5rem auto; }
.formula { display: block; overflow-x: auto; overflow-y: hidden; padding: 0.2rem 0; }
math { font-size: 1.1em;
  font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", "Noto Sans Math", "DejaVu Math TeX Gyre", math; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; margin: 0.8rem 0; }
caption { text-align: left; padding: 0.3rem 0; color: #444; }
th, td { padding: 0.3rem 0.6rem; border-bottom: 1px solid #ccc; text-align: left; vertical-align: top; }
td.number { text-align: right; white-space: nowrap; }
.fail { color: #a30000; font-weight: bold; }
.pass { color: #00602b; }
details { margin: 0.6rem 0; font-size: 0.85rem; }
summary { cursor: pointer; color: #555; }
pre { background: #f7f7f7; padding: 0.6rem; overflow-x: auto; line-height: 1.35; }
"""


class _Renderer(IPythonRenderer):
    """Markdown whose formulas become MathML, which needs no script."""

    def inline_math(self, body: str) -> str:
        return convert(body)

    def block_math(self, body: str) -> str:
        formula = convert(body, display="block")
        return f'<span class="formula" tabindex="0" role="group" aria-label="formula">{formula}</span>'


class _Exporter(HTMLExporter):
    """The exporter with this page's template, and without links and prompts beside cells."""

    raw_template = _TEMPLATE

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:  # noqa: ARG002 -- a filter of nbconvert has this form
        rendered: str = MarkdownWithMath(renderer=_Renderer(escape=False, exclude_anchor_links=True)).render(source)
        return rendered


def page(notebook: dict[str, Any]) -> str:
    """The page of an executed notebook, titled by its first heading; the example parameters are left out.

    Raises ValueError if no cell begins with a heading.
    """
    shown = nbformat.reads(json.dumps(notebook), as_version=4)
    shown.cells = [cell for cell in shown.cells if "parameters" not in cell.metadata.get("tags", [])]
    title = next((found[1] for cell in shown.cells if (found := re.match(r"# (.*)", cell.source))), None)
    if title is None:
        raise ValueError("a notebook begins with a heading, which becomes the title of its page")
    resources = {"title": html.escape(title), "style": _STYLE + HtmlFormatter().get_style_defs(".highlight")}
    exporter = _Exporter(exclude_input_prompt=True, exclude_output_prompt=True)  # type: ignore[no-untyped-call]
    body: str = exporter.from_notebook_node(shown, resources)[0]
    return re.sub(r"\n{2,}", "\n", body.strip()) + "\n"
