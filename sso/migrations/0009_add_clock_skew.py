from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0008_create_sign_outs'),
    ]

    operations = [
        migrations.AddField(
            model_name='signin',
            name='clock_skew',
            field=models.BigIntegerField(blank=True, help_text="Seconds that the provider's clock is ahead of ours at least; below 0: behind.", null=True),
        ),
    ]
