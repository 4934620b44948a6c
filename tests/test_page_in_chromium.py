"""The claims page, driven in Chromium."""

import json
import re

import pytest

from chromium import in_chromium, violations
from pages import RECORDS, TOP, record, rendered
from ssl_dynamics.registry import CLAIMS, GROUPS


@pytest.fixture
def opened(browser, tmp_path):
    """The page in a window, with all that it asked for and said."""
    path = tmp_path / "report.html"
    path.write_text(rendered(tmp_path), encoding="utf-8")
    tab = browser.new_page()
    tab.asked, tab.said = [], []
    tab.route(re.compile(r"^(?!file:|data:)"), lambda route: route.abort())
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("console", lambda message: tab.said.append(message.text))
    tab.on("pageerror", lambda error: tab.said.append(str(error)))
    tab.goto(path.as_uri())
    yield tab
    asked = [url for url in tab.asked if not url.startswith("data:")]
    assert set(asked) <= {path.as_uri()}
    assert tab.said == []
    tab.close()


def shown(tab):
    return tab.locator(".claim:visible").evaluate_all("claims => claims.map(claim => claim.id)")


class TestInChromium:
    pytestmark = in_chromium

    def test_filters_and_their_address(self, opened):
        status = opened.get_by_role("status")
        assert status.text_content() == "4 of 4 claims shown"
        opened.get_by_label("Source").select_option("A1")
        assert not opened.locator(".none").is_visible()
        assert shown(opened) == ["A1-one", "A1-two"]
        opened.get_by_label("Verdict").select_option("fail")
        assert shown(opened) == ["A1-two"]
        assert not opened.locator("#part-grassmannian").is_visible()
        assert opened.url.endswith("#source=A1&verdict=fail")
        opened.reload()
        assert shown(opened) == ["A1-two"]
        assert status.text_content() == "1 of 4 claims shown"
        opened.get_by_role("button", name="Show all").click()
        opened.locator(".claim:visible").nth(3).wait_for()
        assert "#" not in opened.url
        opened.get_by_label("Evidence").select_option("equations")
        assert shown(opened) == ["beyond-four"]
        opened.get_by_role("button", name="Show all").click()
        opened.get_by_label("Text").fill("three LARGEST")
        assert shown(opened) == ["A3-three"]
        opened.evaluate("location.hash = '#A1-one'")  # a link to a claim that is filtered out, and folded
        opened.locator(".claim:visible").nth(3).wait_for()
        assert opened.locator("#A1-one .measured").is_visible()

    def test_data_set_shows_its_cells_and_the_verdict_by_them(self, opened):
        opened.get_by_label("Data set").select_option("other")
        assert shown(opened) == ["A1-two", "A3-three"]
        failing = opened.locator("#A1-two")
        assert failing.locator(".there").text_content() == "on other: holds"
        opened.get_by_role("button", name="Unfold all").click()
        for summary in opened.locator(".cells > summary:visible").all():
            summary.click()
        assert opened.locator("#A3-three tbody tr:visible").count() == 2
        opened.get_by_label("Verdict").select_option("fail")
        assert shown(opened) == []
        opened.get_by_label("Data set").select_option("a")
        assert shown(opened) == ["A1-two"]
        assert failing.locator(".there").text_content() == "on a: fails"

    def test_no_hit_says_so_and_offers_to_show_all(self, opened):
        opened.get_by_label("Text").fill("nothing like it")
        assert shown(opened) == []
        assert opened.get_by_role("status").text_content() == "none of 4 claims matches"
        assert opened.get_by_text("No claim matches these filters.").is_visible()
        opened.locator(".none button").click()
        opened.locator(".claim:visible").nth(3).wait_for()
        assert opened.get_by_role("status").text_content() == "4 of 4 claims shown"

    def test_claims_that_do_not_hold_are_unfolded_and_the_others_are_not(self, opened):
        unfolded = opened.locator(".claim[open]").evaluate_all("claims => claims.map(claim => claim.id)")
        assert unfolded == ["A1-two"]
        opened.locator("#A1-one > summary").click()
        assert opened.locator("#A1-one .measured").is_visible()
        assert not opened.locator("#A1-one .cells table").is_visible()

    def test_navigation_stays_in_sight(self, opened):
        opened.evaluate("scrollTo(0, document.body.scrollHeight)")
        bar = opened.get_by_role("navigation").bounding_box()
        assert bar["y"] == 0
        opened.get_by_role("navigation").get_by_text("Infinite width").click()
        heading = opened.locator("#part-infinite-width").bounding_box()
        assert heading["y"] >= bar["height"]  # not behind it

    def test_figure_is_left_of_its_claims_and_above_them_on_a_phone(self, opened):
        def places():
            boxes = [opened.locator(f".block >> nth=0 >> {part}").bounding_box() for part in ("figure", ".claims")]
            return [(box["x"], box["y"]) for box in boxes]

        opened.set_viewport_size({"width": 1280, "height": 800})
        (left, top), (right, beside) = places()
        assert left < right
        assert abs(top - beside) < 1
        opened.set_viewport_size({"width": 390, "height": 800})
        (left, top), (right, below) = places()
        assert abs(left - right) < 1
        assert top < below

    def test_every_image_loads(self, opened):
        images = opened.locator("img")
        assert images.count() == 4
        assert images.evaluate_all("images => images.every(image => image.complete && image.naturalWidth > 0)")

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [390, 1280])
    def test_accessibility(self, opened, scheme, width):
        opened.emulate_media(color_scheme=scheme)
        opened.set_viewport_size({"width": width, "height": 800})
        assert violations(opened) == []

    @pytest.mark.parametrize("width", [360, 1200])
    def test_page_is_not_wider_than_the_screen(self, opened, width):
        opened.set_viewport_size({"width": width, "height": 740})
        opened.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
        assert opened.evaluate("document.documentElement.scrollWidth") <= width

    def test_keyboard_reaches_filters_claims_and_copy(self, opened):
        opened.set_viewport_size({"width": 360, "height": 740})
        wide = opened.locator("#beyond-four")
        wide.locator("> summary").click()
        wide.get_by_text("formula continues").wait_for(state="hidden")  # said by the style alone, not by a text
        assert wide.locator(".formula-box.more").count() == 1
        opened.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        opened.evaluate("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")
        reached = []
        for _ in range(80):
            opened.keyboard.press("Tab")
            here = "const e = document.activeElement; return e.id || e.className || e.type || e.tagName"
            reached.append(opened.evaluate(f"() => {{ {here} }}"))
        assert reached[0] == "skip"
        names = ("dataset", "verdict", "source", "evidence", "text", "reset")
        inputs = [name for name in dict.fromkeys(reached) if name in names]
        assert inputs == list(names)
        assert "SUMMARY" in reached
        assert "formula" in reached  # the one that must be scrolled

    def test_command_is_selected_and_copied(self, opened):
        claim = opened.locator("#A1-one")
        claim.locator("> summary").click()
        claim.get_by_text("Redo it alone").click()
        claim.get_by_role("button").click()
        claim.get_by_role("button", name=re.compile("^(?!Copy the command)")).wait_for()
        assert opened.evaluate("getSelection().toString()") == RECORDS[0]["command"]

    def test_print_shows_every_claim_with_all_its_cells(self, opened):
        opened.get_by_label("Verdict").select_option("fail")
        opened.emulate_media(media="print")
        assert shown(opened) == [record["id"] for record in RECORDS]
        assert not opened.get_by_label("Source").is_visible()
        assert all(table.is_visible() for table in opened.locator(".claim table").all())
        assert all(formula.is_visible() for formula in opened.locator(".formula").all())

    def test_the_replication_prints_on_25_pages(self, browser, tmp_path):
        shipped = json.loads((TOP / "results/reference/full/verdicts.json").read_text(encoding="utf-8"))
        cells = {verdict["id"]: verdict["cells"] for verdict in shipped}
        records = [
            record(
                claim.id,
                group=part,
                source=claim.source,
                figure=f"results/full/figures/{claim.figure}.svg",
                **{
                    name: getattr(claim, name) for name in ("statement", "formula", "quantity", "statistic", "evidence")
                },
                cells=cells[claim.id],
            )
            for part, claims in GROUPS.items()
            for claim in claims
        ]
        names = {claim.figure for claim in CLAIMS}
        path = tmp_path / "report.html"
        captions = dict.fromkeys(names, "Distances over time, of trained and predicted spans, for each seed.")
        text = rendered(tmp_path, records, names=names, inches=(7, 3), captions=captions)
        path.write_text(text, encoding="utf-8")
        tab = browser.new_page()
        tab.goto(path.as_uri())
        pages = len(re.findall(rb"/Type\s*/Page\b", tab.pdf(format="A4")))
        tab.close()
        assert 10 < pages <= 25

    def test_without_script_everything_is_there(self, browser, tmp_path):
        (tmp_path / "report.html").write_text(rendered(tmp_path), encoding="utf-8")
        tab = browser.new_page(java_script_enabled=False)
        tab.goto((tmp_path / "report.html").as_uri())
        assert tab.locator(".claim:visible").count() == 4
        tab.locator("#A1-one > summary").click()
        assert tab.locator("#A1-one .measured").is_visible()
        assert not tab.locator(".filters").is_visible()
        tab.close()
