"""What the Content-Security-Policy and a reader of any kind ask of a page."""

from __future__ import annotations

from django.http import HttpResponse
from lxml import html

DATA_BLOCKS = {"application/json"}


def page_of(response: HttpResponse) -> html.HtmlElement:
    """The response as a tree, after the checks that every page of ours must pass."""
    tree = html.document_fromstring(response.content.decode())
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert inline_code(tree) == []
    assert_frame(tree)
    assert_controls_have_names(tree)
    return tree


def inline_code(tree: html.HtmlElement) -> list[str]:
    """Everything that the policy would refuse: scripts and styles in the page itself."""
    scripts = [s for s in tree.iter("script") if not s.get("src") and s.get("type") not in DATA_BLOCKS]
    found = [html.tostring(element, encoding="unicode") for element in [*scripts, *tree.iter("style")]]
    for element in tree.iter(html.etree.Element):
        found += [f"{element.tag} {name}" for name in element.attrib if name == "style" or name.startswith("on")]
    return found


def assert_frame(tree: html.HtmlElement) -> None:
    """One main landmark to skip to, one first heading, a title, and the icon."""
    (main,) = tree.iter("main")
    assert main.get("id") == "content"
    assert tree.xpath("//a[@class='skip-link']/@href") == ["#content"]
    (heading,) = tree.iter("h1")
    assert heading.text_content().strip()
    title = tree.findtext(".//title") or ""
    assert title.strip().endswith("Amplisso")
    assert len(title.strip()) > len("Amplisso")
    assert tree.xpath("//link[@rel='icon']")
    ids = tree.xpath("//*/@id")
    assert sorted(ids) == sorted(set(ids))


def assert_controls_have_names(tree: html.HtmlElement) -> None:
    """Every control has a label, every hint and error that a control points to is there, no button is a surprise."""
    for control in tree.xpath("//input[@type!='hidden'] | //select | //textarea"):
        named = control.get("aria-label") or tree.xpath("//label[@for=$id]", id=control.get("id", ""))
        assert named, html.tostring(control)
        for target in control.get("aria-describedby", "").split():
            assert tree.get_element_by_id(target) is not None
    for button in tree.iter("button"):
        assert button.get("type") in {"submit", "button"}
        assert button.text_content().strip()
    primary = tree.xpath("//main//*[contains(concat(' ', @class, ' '), ' btn-primary ')]")
    assert len(primary) <= 1, "one primary button a page"


def heading(tree: html.HtmlElement) -> str:
    """The words of the first heading."""
    return " ".join(tree.findtext(".//h1").split())
