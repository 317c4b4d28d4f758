"""Reading pages as a person does: by headings, fields and links."""

from __future__ import annotations

from django.http import HttpResponse
from lxml import html


def page(response: HttpResponse) -> html.HtmlElement:
    """Parse a response."""
    return html.document_fromstring(response.content.decode())


def words(element: html.HtmlElement) -> str:
    """The text of an element on one line, with a blank where an element begins or ends."""
    return " ".join(" ".join(element.itertext()).split())


def field(document: html.HtmlElement, name: str) -> html.HtmlElement:
    """The one control of this name."""
    (found,) = document.xpath("//*[@name=$name]", name=name)
    return found


def errors_at(document: html.HtmlElement, name: str) -> str:
    """What stands at a field as its errors, which must be tied to it for screen readers."""
    control = document.xpath("//*[@name=$name]", name=name)[0]
    described = (control.get("aria-describedby") or "").split()
    found = document.xpath(f"//*[@id='id_{name}_error']")
    if not found:
        return ""
    assert f"id_{name}_error" in described or control.get("type") == "radio", described
    return words(found[0])


def links(document: html.HtmlElement) -> dict[str, str]:
    """Every link by its words."""
    return {words(link): link.get("href") for link in document.xpath("//main//a")}


def form_to(document: html.HtmlElement, path: str) -> html.HtmlElement:
    """The one form that goes to a path."""
    (found,) = document.xpath("//form[@action=$path]", path=path)
    return found
