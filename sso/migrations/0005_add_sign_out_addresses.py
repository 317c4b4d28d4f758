from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0004_name_reasons_of_encryption'),
    ]

    operations = [
        migrations.AddField(
            model_name='configuration',
            name='slo_response_url',
            field=models.CharField(blank=True, max_length=2048, verbose_name='address for answers to sign-outs'),
        ),
        migrations.AddField(
            model_name='configuration',
            name='slo_url',
            field=models.CharField(blank=True, max_length=2048, verbose_name='sign-out address'),
        ),
    ]
