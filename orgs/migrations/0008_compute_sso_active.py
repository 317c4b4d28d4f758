from django.db import migrations, models


class Migration(migrations.Migration):
    """The column stays for the previous release, which may still run beside this one; a later release drops it."""

    dependencies = [("orgs", "0007_add_sessions_ended_at")]

    operations = [
        migrations.AlterField(
            model_name="organization",
            name="sso_active",
            field=models.BooleanField(default=False, db_default=False, editable=False),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="organization", name="sso_active")],
        ),
    ]
