"""The documentation site as `make docs` has built it, which .ci/run does before: offline, typeset, accessible."""

import re
from pathlib import Path
from types import FunctionType

import pytest

from chromium import in_chromium, violations

SITE = Path(__file__).parents[1] / "reports/docs"
PAGES = (
    "index",
    "get-started",
    "science",
    "theory",
    "abstracts",
    "claims",
    "reviewing",
    "library/theory",
    "contributing",
)

pytestmark = [
    *in_chromium,
    pytest.mark.skipif(not (SITE / "index.html").is_file(), reason="make docs has not been run"),
]


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


def opened(browser, name, scheme="light", width=1280):
    tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab.asked = []
    tab.route(re.compile(r"^(?!file:|data:|blob:)"), lambda route: route.abort())
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.goto((SITE / f"{name}.html").as_uri())
    return tab


def read(name):
    return (SITE / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_page_asks_for_nothing_outside_itself_and_fits_a_phone(browser, name):
    tab = opened(browser, name, width=390)
    tab.wait_for_load_state("networkidle")
    assert [url for url in tab.asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.close()


@pytest.mark.parametrize("name", PAGES)
def test_accessibility(browser, name, scheme):
    for width in (1280, 390):
        tab = opened(browser, name, scheme, width)
        assert [finding for finding in violations(tab) if finding[1] in ("serious", "critical")] == []
        tab.close()


@pytest.mark.parametrize("name", PAGES)
def test_print_is_dark_on_white_without_navigation_and_fits_the_paper(browser, name, scheme):
    paper = 680  # pixels of A4 between its margins
    tab = opened(browser, name, scheme, paper)
    tab.emulate_media(media="print", color_scheme=scheme)
    for part in ("header.md-header", ".md-tabs", ".md-sidebar", "footer.md-footer"):
        assert not tab.locator(part).first.is_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") <= paper
    widest = "tables => Math.max(0, ...tables.map(table => table.getBoundingClientRect().right))"
    assert tab.locator("article :is(table, .equation, pre)").evaluate_all(widest) <= paper
    colors = "parts => parts.map(part => getComputedStyle(part).color.match(/[\\d.]+/g).map(Number))"
    for red, green, blue, *_ in tab.locator("article :is(h1, p, td)").evaluate_all(colors):
        assert max(red, green, blue) < 100
    tab.close()


def test_search_finds_a_term_of_the_glossary_from_the_file_system(browser):
    tab = opened(browser, "index")
    tab.get_by_placeholder("Search").fill("Richardson extrapolation")
    tab.locator(".md-search-result__item").first.wait_for()
    assert "science.html" in " ".join(
        tab.locator(".md-search-result__link").evaluate_all("links => links.map(link => link.href)")
    )
    tab.close()


def test_indices_and_exponents_are_set_and_code_is_left_alone():
    theory, library = read("theory"), read("library/theory")
    assert "G<sub>jk</sub>(t) = e<sup>−2(λ<sub>j</sub> − λ<sub>k</sub>)t</sup> G<sub>jk</sub>(0)" in theory
    assert "<code>theory.descent_log_singular_values</code>" in theory
    for page in (theory, library):
        text = re.sub(r"<(code|pre|script|h[1-6])\b.*?</\1>", "", page, flags=re.DOTALL)
        assert re.findall(r"[\^_]\{", re.sub("<[^>]*>", "", text)) == []
    assert 'class="equation"' in library


def test_library_documents_every_public_function():
    import ssl_dynamics.analysis  # noqa: PLC0415 -- the pages need none of it
    import ssl_dynamics.kernels  # noqa: PLC0415
    import ssl_dynamics.problem  # noqa: PLC0415
    import ssl_dynamics.theory  # noqa: PLC0415

    for package in (ssl_dynamics.analysis, ssl_dynamics.kernels, ssl_dynamics.problem, ssl_dynamics.theory):
        name = package.__name__.rpartition(".")[2]
        public = {each for each in package.__all__ if isinstance(getattr(package, each), FunctionType | type)}
        assert public <= set(re.findall(rf'id="ssl_dynamics\.{name}\.(\w+)"', read(f"library/{name}")))


def test_files_that_pages_link_to_are_in_the_site():
    linked = re.findall(r'href="(source/[^"#]+)', read("reviewing") + read("claims"))
    assert linked
    assert all((SITE / target).is_file() for target in linked)
