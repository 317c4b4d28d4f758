"""Old rows of the log say no more which addresses are operators' or disabled accounts."""

from django.db import migrations
from django.db.models import F

_HIDDEN = ("account_disabled", "operator_account")


def hide(apps, schema_editor):
    sign_ins = apps.get_model("sso", "SignIn").objects.filter(reason__in=_HIDDEN)
    sign_ins.update(operator_reason=F("reason"), reason="account_not_admitted")


def show(apps, schema_editor):
    sign_ins = apps.get_model("sso", "SignIn").objects.filter(operator_reason__in=_HIDDEN)
    sign_ins.update(reason=F("operator_reason"), operator_reason="")


class Migration(migrations.Migration):

    dependencies = [
        ("sso", "0016_add_operator_reason"),
    ]

    operations = [migrations.RunPython(hide, show)]
