"""Template filters that style form fields, name browsers, and word the values of the audit log."""

from __future__ import annotations

from django import forms, template
from django.conf import settings
from django.forms import BoundField
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from database.paging import MOST_COUNTED, counted
from orgs.models import Role
from orgs.text.visible_text import unlinked

register = template.Library()
register.filter(counted)

# In this order: most browsers name several others beside themselves, and most systems an older one.
_BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrom": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {
    "Windows": "Windows",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Mac OS": "Mac",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
_OPERATOR = "the operator of Amplisso"
# Fields of the audit log that hold a slug; the others hold text that a user typed, which stays as it is.
_SLUGS = {"by", "grant", "kind", "means", "plan", "provider", "role", "source", "state", "subject_kind"}


@register.simple_tag
def control(field: BoundField, placeholder: str = "") -> SafeString:
    """Render a field's control in Bootstrap's classes; Django itself ties help and errors to it.

    The placeholder "none" removes the form's own, which helps no reader if it repeats the label.
    """
    names = [_bootstrap_class(field.field.widget), field.field.widget.attrs.get("class", "")]
    if field.errors:
        names.append("is-invalid")
    attrs: dict[str, str | bool] = {"class": " ".join(filter(None, names))}
    if placeholder == "none":
        attrs["placeholder"] = False  # Django leaves a False attribute out
    return field.as_widget(attrs=attrs)


@register.filter
def ends_counting(number: int) -> bool:
    """Return whether a number of rows in the Django admin is that at which CappedPaginator stops to count."""
    return number == MOST_COUNTED


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Return whether the label belongs behind the control."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_group(field: BoundField) -> bool:
    """Return whether the field is several controls under one heading, as radio buttons are."""
    return isinstance(field.field.widget, forms.RadioSelect)  # and its child, CheckboxSelectMultiple


@register.filter
def browser_name(user_agent: str) -> str:
    """Return two words for the sender of this User-Agent header, such as "Firefox on Windows"."""
    browser = next((name for sign, name in _BROWSERS.items() if sign in user_agent), "Unknown browser")
    system = next((name for sign, name in _SYSTEMS.items() if sign in user_agent), "")
    return f"{browser} on {system}" if system else browser


@register.filter
def field_words(name: str) -> str:
    """Return the name of a field of an audit event in words: "just_in_time_role" is "just in time role"."""
    return name.replace("_", " ").replace("entity id", "entity ID").replace("sso", "SSO")


@register.filter
def value_words(value: object, name: str) -> SafeString | str:
    """Return the value of the field `name` of an audit event in words; a list has one line for each item."""
    if isinstance(value, list) and value:
        return format_html_join("", "<div>{}</div>", ((value_words(item, name),) for item in value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in (None, "", []):
        return "none"
    if name == "just_in_time_role" and value in Role.values:
        return Role(value).label
    return str(value).replace("_", " ").capitalize() if name in _SLUGS else str(value)


@register.filter
def reachable(text: object) -> object:
    """Return the text with the address of the operator, if there is one, where it speaks of the operator."""
    words = str(text)
    if not settings.SUPPORT_ADDRESS or _OPERATOR not in words:
        return text
    return words.replace(_OPERATOR, settings.SUPPORT_ADDRESS)


@register.filter
def no_address(name: str) -> str:
    """Return the name of an organization as our mails may carry it, without an address that becomes a link."""
    return unlinked(name)


@register.filter
def lines(text: object) -> list[str]:
    """Return the lines of a message that is a list."""
    return str(text).split("\n")


@register.filter
def parted(address: str) -> SafeString:
    """Return an e-mail address that a narrow column breaks before the @, not in the middle of a name."""
    return format_html_join(SafeString("<wbr>@"), "{}", ((part,) for part in address.split("@")))


def _bootstrap_class(widget: forms.Widget) -> str:
    if isinstance(widget, (forms.CheckboxInput, forms.RadioSelect)):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"
