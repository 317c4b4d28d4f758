"""Which of our keys our metadata offers for encryption: those that there are, and others only when an admin asks."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0022_normalize_subjects'),
    ]

    operations = [
        migrations.AddField(
            model_name='serviceproviderkey',
            name='for_encryption',
            field=models.BooleanField(db_default=True, default=False, verbose_name='offered for encryption'),
        ),
    ]
