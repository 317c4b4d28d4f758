"""A test of the active configuration is a purpose of its own; only the choices change."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0017_hide_operator_accounts'),
    ]

    operations = [
        migrations.AlterField(
            model_name='signin',
            name='purpose',
            field=models.CharField(choices=[('sign_in', 'Sign-in'), ('test', 'Test of a draft'), ('test_now', 'Test')], default='sign_in', max_length=8),
        ),
    ]
