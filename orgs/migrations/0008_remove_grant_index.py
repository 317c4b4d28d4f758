import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orgs", "0007_index_lists")]

    operations = [
        migrations.AlterField(
            model_name='sessiongrant',
            name='organization',
            field=models.ForeignKey(blank=True, db_index=False, help_text='Empty: password', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='session_grants', to='orgs.organization'),
        ),
    ]
