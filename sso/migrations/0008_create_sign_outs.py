import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0007_add_provider_sessions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SignOut',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('direction', models.CharField(choices=[('ours', 'We asked the provider'), ('providers', 'The provider asked us')], max_length=9)),
                ('message_id', models.CharField(max_length=256, verbose_name='ID of the request')),
                ('state', models.CharField(choices=[('asked', 'Waiting for the identity provider'), ('done', 'Signed out'), ('refused', 'The provider did not confirm')], max_length=7)),
                ('doors_closed', models.PositiveIntegerField(default=0)),
                ('asked_at', models.DateTimeField(auto_now_add=True)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'sign-out',
                'ordering': ['-asked_at', '-id'],
            },
        ),
        migrations.AddField(
            model_name='signout',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sign_outs', to='sso.connection'),
        ),
        migrations.AddField(
            model_name='signout',
            name='user',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='signout',
            index=models.Index(fields=['asked_at'], name='sign_out_age'),
        ),
        migrations.AddConstraint(
            model_name='signout',
            constraint=models.UniqueConstraint(fields=('connection', 'direction', 'message_id'), name='sign_out_one_per_request'),
        ),
    ]
