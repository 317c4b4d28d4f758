from django.db import migrations


def seed_organization_number(apps, schema_editor):
    apps.get_model("orgs", "OrganizationNumber").objects.get_or_create(pk=1, defaults={"last": 10000})


class Migration(migrations.Migration):
    dependencies = [("orgs", "0002_seed_plans")]

    operations = [migrations.RunPython(seed_organization_number, migrations.RunPython.noop)]
