"""What templates need to dress a form field, and to name a browser."""

from __future__ import annotations

from django import forms, template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()

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


@register.simple_tag
def control(field: BoundField, placeholder: str = "") -> SafeString:
    """Render a field's control in Bootstrap's classes; Django itself ties help and errors to it.

    The placeholder "none" takes the form's own away: one that repeats the label helps nobody.
    """
    names = [_bootstrap_class(field.field.widget), field.field.widget.attrs.get("class", "")]
    if field.errors:
        names.append("is-invalid")
    attrs: dict[str, str | bool] = {"class": " ".join(filter(None, names))}
    if placeholder == "none":
        attrs["placeholder"] = False  # Django leaves a False attribute out
    return field.as_widget(attrs=attrs)


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether the label belongs behind the control."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_group(field: BoundField) -> bool:
    """Whether the field is several controls under one heading, as radio buttons are."""
    return isinstance(field.field.widget, forms.RadioSelect)  # and its child, CheckboxSelectMultiple


@register.filter
def browser_name(user_agent: str) -> str:
    """Say in two words what sent this User-Agent header, such as "Firefox on Windows"."""
    browser = next((name for sign, name in _BROWSERS.items() if sign in user_agent), "Unknown browser")
    system = next((name for sign, name in _SYSTEMS.items() if sign in user_agent), "")
    return f"{browser} on {system}" if system else browser


def _bootstrap_class(widget: forms.Widget) -> str:
    if isinstance(widget, (forms.CheckboxInput, forms.RadioSelect)):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"
