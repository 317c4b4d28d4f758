"""The log keeps who made a signature that no certificate of the configuration verifies."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0018_add_purpose_of_active_test'),
    ]

    operations = [
        migrations.AddField(
            model_name='signin',
            name='signer',
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
