from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0005_add_sign_out_addresses'),
    ]

    operations = [
        migrations.AddField(
            model_name='connection',
            name='single_logout',
            field=models.BooleanField(default=False, help_text='Who signs out here is signed out at the identity provider as well.', verbose_name='sign out at the provider, too'),
        ),
    ]
