"""The log keeps what a refusal by address was decided by."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0019_add_signer'),
    ]

    operations = [
        migrations.AddField(
            model_name='signin',
            name='facts',
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
