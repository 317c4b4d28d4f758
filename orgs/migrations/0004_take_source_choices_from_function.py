import orgs.models.members
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0003_seed_organization_number'),
    ]

    operations = [
        migrations.AlterField(
            model_name='membership',
            name='source',
            field=models.CharField(choices=orgs.models.members.source_choices, max_length=12),
        ),
    ]
