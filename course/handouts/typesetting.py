"""Sets a page as HTML that needs neither a kernel nor a network: formulas become MathML, styles stand inside."""

import re
from pathlib import Path
from typing import Any

from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

TEMPLATE = Path(__file__).with_name("page.html.j2")
CODE_STYLE = "xcode"
"""A light style of Pygments, whose colours can be read on paper too."""
PRIME = "<mi>&#x02032;</mi>", '<mo class="prime">&#x02032;</mo>'
"""A prime is a small sign already, and as small as other superscripts it would be overlooked."""
NAMED = re.compile(
    r"((?<!<msup>)(?<!<msub>)(?<!<mfrac>)(?<!<munder>)<mi>[a-z]{2,}</mi>)"
    r"(?=<m(?:[in]|text|frac|sup|sub|sqrt|row)\b)"
)
"""The name of a function and what it is applied to, between which a space belongs: "log x"."""

_WIDE = '<div class="wide" data-name="{}">{}</div>\n'
"""Round what may be wider than a small screen: it is moved sideways there by itself."""


class _Renderer(IPythonRenderer):
    """Markdown as the pages have it, with every formula as MathML, which browsers draw and screen readers read."""

    def block_math(self, body: str) -> str:
        return _WIDE.format("formula", as_mathml(body, display="block"))

    def inline_math(self, body: str) -> str:
        return as_mathml(body, display="inline")

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    def table(self, text: str) -> str:
        return _WIDE.format("table", f"<table>\n{text}</table>\n")


def as_mathml(tex: str, *, display: str) -> str:
    r"""Return a TeX formula, "\frac{1}{n}", as MathML; `display` is "inline" or "block"."""
    from latex2mathml.converter import convert

    return NAMED.sub(r'\1<mspace width="0.17em"/>', convert(tex.strip(), display=display)).replace(*PRIME)


def markdown_as_html(source: str) -> str:
    """Return the text of a cell as HTML."""
    return MarkdownWithMath(renderer=_Renderer(escape=False, exclude_anchor_links=True)).render(source)


def title_of(page: NotebookNode) -> str:
    """Return a page's first heading."""
    lines = (line for cell in page.cells for line in cell.source.splitlines())
    return next(line.removeprefix("# ") for line in lines if line.startswith("# "))


def code_style(name: str) -> str:
    """Return the rules of a style of Pygments for code."""
    return HtmlFormatter(style=name).get_style_defs(".highlight")


def as_html(page: NotebookNode, **parts: Any) -> str:
    """Return a page, with the outputs that it has, as one HTML document; its first heading is the title.

    `parts` are what the template takes besides: `style`, rules that follow the printed form's, `script`, and what
    stands `above` and `below` the page.
    """
    exporter = HTMLExporter(
        template_name="basic",
        template_file=str(TEMPLATE),
        filters={"markdown2html": markdown_as_html},
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    given = {"title": title_of(page), "code_style": code_style(CODE_STYLE), **parts}
    return exporter.from_notebook_node(page, given)[0]
