from django.db import migrations


def pack(apps, _):
    """Move checks and claims into the packed columns; 500 rows at a time, since a table may hold millions."""
    sign_ins = apps.get_model("sso", "SignIn").objects
    last = 0
    while rows := list(sign_ins.filter(pk__gt=last).order_by("pk")[:500]):
        for row in rows:
            row.checks, row.claims = row.plain_checks, row.plain_claims
        sign_ins.bulk_update(rows, ["checks", "claims"])
        last = rows[-1].pk


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sso", "0002_add_packed_checks")]

    operations = [migrations.RunPython(pack, migrations.RunPython.noop)]
