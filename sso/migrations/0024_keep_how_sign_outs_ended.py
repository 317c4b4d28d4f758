"""What a provider said instead of confirming a sign-out, and whose session it was about."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0023_add_for_encryption'),
    ]

    operations = [
        migrations.AddField(
            model_name='signout',
            name='detail',
            field=models.TextField(blank=True, db_default='', default='', editable=False),
        ),
        migrations.AddField(
            model_name='signout',
            name='sign_in',
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name='sign_outs',
                to='sso.signin',
            ),
        ),
        migrations.AlterField(
            model_name='signout',
            name='state',
            field=models.CharField(
                choices=[
                    ('asked', 'Waiting for the identity provider'),
                    ('done', 'Signed out'),
                    ('partial', 'Not every session was ended'),
                    ('refused', 'The provider did not confirm'),
                ],
                max_length=7,
            ),
        ),
    ]
