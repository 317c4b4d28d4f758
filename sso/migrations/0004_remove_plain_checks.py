from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sso", "0003_pack_checks")]

    operations = [
        migrations.RemoveField("signin", "plain_checks"),
        migrations.RemoveField("signin", "plain_claims"),
    ]
