"""Count how often a sign-in began again because its response came twice."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0025_add_relinkings'),
    ]

    operations = [
        migrations.AddField(
            model_name='signin',
            name='repeat_restarts',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
