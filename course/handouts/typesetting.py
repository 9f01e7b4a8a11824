"""Sets a page as HTML that needs neither a kernel nor a network: formulas become MathML, styles stand inside."""

import html
import json
import re
from copy import deepcopy
from pathlib import Path

from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

STYLE = Path(__file__).with_name("printed.css")
CODE_STYLE = "xcode"
"""A light style of Pygments; those of its colours that are too pale to read are set darker in `STYLE`."""
PRIME = "<mi>&#x02032;</mi>", '<mo class="prime">&#x02032;</mo>'
"""A prime is a small sign already, and as small as other superscripts it would be overlooked."""
NAMED = re.compile(
    r"((?<!<msup>)(?<!<msub>)(?<!<mfrac>)(?<!<munder>)<mi>[a-z]{2,}</mi>)"
    r"(?=<m(?:[in]|text|frac|sup|sub|sqrt|row)\b)"
)
"""The name of a function and what it is applied to, between which a space belongs: "log x"."""
DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


class _Renderer(IPythonRenderer):
    """Markdown as the pages have it, with every formula as MathML, which browsers draw and screen readers read."""

    def block_math(self, body: str) -> str:
        return as_mathml(body, display="block")

    def inline_math(self, body: str) -> str:
        return as_mathml(body, display="inline")

    def latex_environment(self, name: str, body: str) -> str:
        return as_mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", display="block")


class _Exporter(HTMLExporter):
    def default_filters(self):
        yield from super().default_filters()
        yield "markdown2html", markdown_as_html  # the last one of a name counts


def as_mathml(tex: str, *, display: str) -> str:
    r"""Turn a TeX formula, "\frac{1}{n}", into MathML; `display` is "inline" or "block"."""
    from latex2mathml.converter import convert

    return NAMED.sub(r'\1<mspace width="0.17em"/>', convert(tex.strip(), display=display)).replace(*PRIME)


def markdown_as_html(source: str) -> str:
    """Turn the text of a cell into HTML."""
    return MarkdownWithMath(renderer=_Renderer(escape=False, exclude_anchor_links=True)).render(source)


def title_of(page: NotebookNode) -> str:
    """Give the question that is the page's title."""
    return next(line for cell in page.cells for line in cell.source.splitlines() if line.startswith("# "))[2:]


def as_html(page: NotebookNode) -> str:
    """Set a page, with the outputs that it has, as one HTML document."""
    shown = deepcopy(page)
    for cell in shown.cells:  # the question stands in the output, in words
        if cell.source.startswith("predict("):
            cell.metadata["transient"] = {"remove_source": True}
    exporter = _Exporter(template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True)
    body, _ = exporter.from_notebook_node(shown)
    return document(title_of(page), body)


def document(title: str, body: str) -> str:
    """Put the body of a page into a document with a title and the styles."""
    footer = f"@page {{ @bottom-left {{ content: {json.dumps(title, ensure_ascii=False)}; }} }}\n"
    style = HtmlFormatter(style=CODE_STYLE).get_style_defs(".highlight") + STYLE.read_text(encoding="utf-8") + footer
    return DOCUMENT.format(title=html.escape(title), style=style, body=body)
