from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0006_add_single_logout'),
    ]

    operations = [
        migrations.AddField(
            model_name='signin',
            name='door',
            field=models.UUIDField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='signin',
            name='name_id_hash',
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='signin',
            name='provider_session',
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddIndex(
            model_name='signin',
            index=models.Index(fields=['connection', 'name_id_hash'], name='sign_in_by_name_id'),
        ),
        migrations.AddIndex(
            model_name='signin',
            index=models.Index(fields=['door'], name='sign_in_by_door'),
        ),
    ]
