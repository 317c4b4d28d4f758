from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0012_create_uploads'),
    ]

    operations = [
        # With a default in the database, so that the previous release can go on writing rows.
        migrations.AddField(
            model_name='configuration',
            name='force_authn',
            field=models.BooleanField(db_default=False, default=False, help_text='The provider asks for password or second factor each time, whatever session it has.', verbose_name='ask for a fresh sign-in'),
        ),
    ]
