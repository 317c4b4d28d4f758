import audit.events
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('name', models.CharField(choices=audit.events.event_choices, max_length=64)),
                ('risk', models.CharField(choices=[('low', 'Low'), ('medium', 'Medium'), ('high', 'High')], max_length=8)),
                ('outcome', models.CharField(choices=[('success', 'Done'), ('refused', 'Refused')], default='success', max_length=8)),
                ('organization_number', models.PositiveBigIntegerField(blank=True, null=True)),
                ('actor_id', models.BigIntegerField(blank=True, null=True)),
                ('actor_email', models.CharField(blank=True, max_length=254)),
                ('address', models.GenericIPAddressField(blank=True, null=True)),
                ('user_agent', models.CharField(blank=True, max_length=400)),
                ('target_kind', models.CharField(blank=True, max_length=32)),
                ('target_id', models.CharField(blank=True, max_length=64)),
                ('target', models.CharField(blank=True, max_length=254)),
                ('before', models.JSONField(blank=True, default=dict)),
                ('after', models.JSONField(blank=True, default=dict)),
            ],
            options={
                'ordering': ['-at', '-id'],
                'indexes': [models.Index(fields=['organization_number', '-at'], name='event_of_organization'), models.Index(fields=['actor_id', '-at'], name='event_of_actor')],
            },
        ),
    ]
