"""What templates need to dress a form field."""

from __future__ import annotations

from django import forms, template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()


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


def _bootstrap_class(widget: forms.Widget) -> str:
    if isinstance(widget, (forms.CheckboxInput, forms.RadioSelect)):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"
