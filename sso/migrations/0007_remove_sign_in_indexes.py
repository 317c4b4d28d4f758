import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sso", "0006_index_lists")]

    operations = [
        migrations.AlterField(
            model_name='signin',
            name='configuration',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='sign_ins', to='sso.configuration'),
        ),
        migrations.AlterField(
            model_name='signin',
            name='connection',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='sign_ins', to='sso.connection'),
        ),
        migrations.AlterField(
            model_name='signin',
            name='organization',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='sign_ins', to='orgs.organization'),
        ),
    ]
