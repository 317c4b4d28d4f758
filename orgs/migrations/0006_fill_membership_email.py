from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps, _):
    """Copy the addresses of accounts into their memberships, 1,000 at a time, since a table may hold many."""
    memberships = apps.get_model("orgs", "Membership").objects
    address = Subquery(apps.get_model("orgs", "User").objects.filter(pk=OuterRef("user")).values("email")[:1])
    last = 0
    while keys := list(memberships.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:1000]):
        memberships.filter(pk__in=keys, email="").update(email=address)
        last = keys[-1]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orgs", "0005_add_membership_email")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
