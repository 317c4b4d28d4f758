from django.db import migrations

import sso.models.packed_json


class Migration(migrations.Migration):
    dependencies = [("sso", "0001_initial")]

    operations = [
        migrations.RenameField("signin", "checks", "plain_checks"),
        migrations.RenameField("signin", "claims", "plain_claims"),
        migrations.AddField(
            "signin", "checks", sso.models.packed_json.PackedJSONField(blank=True, default=list, editable=False)
        ),
        migrations.AddField(
            "signin", "claims", sso.models.packed_json.PackedJSONField(blank=True, default=dict, editable=False)
        ),
    ]
