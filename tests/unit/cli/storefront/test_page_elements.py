"""The elements of a page are those that a browser would make of its source."""

import pytest

from tactful.cli.storefront.page_elements import Element, parse_elements


def inside(html: str, tag: str) -> list[str]:
    """Return the tags around the first element of a kind, the nearest first."""
    found = next(one for one in parse_elements(html).elements() if one.tag == tag)
    return [one.tag for one in found.ancestors()][:-1]


def text_of(html: str, tag: str) -> str:
    found = next(one for one in parse_elements(html).elements() if one.tag == tag)
    return "".join(found.texts())


@pytest.mark.parametrize(
    ("html", "around"),
    [
        ("<ul><li>1<li><b>2</b></ul>", ["li", "ul"]),
        ("<ul><li>1<ul><li>a<li><b>b</b></ul></ul>", ["li", "ul", "li", "ul"]),
        ("<dl><dt>1<dd><b>2</b></dl>", ["dd", "dl"]),
        ("<table><tr><td>1<td>2<tr><td><b>3</b></table>", ["td", "tr", "table"]),
        ("<p>1<p><b>2</b>", ["p"]),
        ("<p>1<div><b>2</b></div>", ["div"]),
        ("<p>1<img><br><b>2</b>", ["p"]),
        ("<p><table><tr><td><p>1<p><b>2</b></table>", ["p", "td", "tr", "table"]),
        ("<i></u></p><b>1</b></i>", ["i"]),
        ("<div/><b>1</b>", ["div"]),
        ("<svg><path/><rect/></svg><b>1</b>", []),
    ],
)
def test_elements_end_where_a_browser_ends_them(html: str, around: list[str]) -> None:
    assert inside(html, "b") == around


@pytest.mark.parametrize("tag", ["noscript", "template", "textarea", "iframe", "title"])
def test_what_is_no_element_for_a_browser_is_none(tag: str) -> None:
    root = parse_elements(f"<{tag}><i></i></{tag}><b>1</b>")
    assert [one.tag for one in root.elements()] == [tag, "b"]


def test_after_an_inert_element_the_page_goes_on() -> None:
    html = "<template><template><i></i></template></template><b>1</b>"
    assert [one.tag for one in parse_elements(html).elements()] == ["template", "b"]


def test_attributes_are_decoded_and_the_first_of_a_name_counts() -> None:
    root = parse_elements('<b ID="a&amp;b" id="c" hidden>1</b>')
    (found,) = root.elements()
    assert found.attributes == {"id": "a&b", "hidden": ""}


def test_the_text_of_a_script_is_taken_as_it_stands() -> None:
    assert text_of("<script>if (a<b) x('<i>&amp;')</script>", "script") == "if (a<b) x('<i>&amp;')"


def test_a_page_keeps_the_order_of_its_source() -> None:
    root = parse_elements("<div>1<b>2<i>3</i></b>4<u>5</u></div>")
    assert "".join(root.texts()) == "12345"
    assert [one.tag for one in root.elements()] == ["div", "b", "i", "u"]


@pytest.mark.parametrize(
    "odd", ["<![foo[x]]>", "<![CDATA[<i>]]>", "<!x>", "<![if IE]>", "</>", "<!["]
)
def test_a_declaration_that_html_does_not_have_is_skipped(odd: str) -> None:
    tags = [one.tag for one in parse_elements(f"<b>1</b>{odd}").elements()]
    assert tags[0] == "b"


def test_a_source_of_a_hundred_thousand_open_elements_is_a_tree_of_browser_depth() -> None:
    root = parse_elements("<div>" * 100_000 + "<b>1</b>")
    deepest = next(one for one in root.elements() if one.tag == "b")
    assert isinstance(deepest, Element)
    assert len(list(deepest.ancestors())) == 512
