from django.db import migrations

PLANS = [
    # slug, name, position, sso, scim
    ("starter", "Starter", 1, False, False),
    ("plus", "Plus", 2, False, False),
    ("growth", "Growth", 3, True, False),
    ("enterprise", "Enterprise", 4, True, True),
    ("scholarship", "Scholarship", 5, True, False),
]


def seed_plans(apps, schema_editor):
    plan = apps.get_model("orgs", "Plan")
    for slug, name, position, sso, scim in PLANS:
        plan.objects.get_or_create(slug=slug, defaults={"name": name, "position": position, "sso": sso, "scim": scim})


class Migration(migrations.Migration):
    dependencies = [("orgs", "0001_initial")]

    operations = [migrations.RunPython(seed_plans, migrations.RunPython.noop)]
