import sso.models.connections
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0004_remove_plain_checks'),
    ]

    operations = [
        migrations.AlterField(
            model_name='connection',
            name='provider',
            field=models.CharField(choices=sso.models.connections.provider_choices, max_length=16, verbose_name='identity provider'),
        ),
    ]
