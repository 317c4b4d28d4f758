from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0009_add_clock_skew'),
    ]

    operations = [
        # With a default in the database, so that the previous release can go on writing rows.
        migrations.AddField(
            model_name='signin',
            name='force_authn',
            field=models.BooleanField(db_default=False, default=False, verbose_name='asked for a fresh sign-in'),
        ),
    ]
