"""A name ID that is an e-mail address gets its normal form, by which it is compared."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0020_add_facts_of_refusals'),
    ]

    operations = [
        migrations.AddField(
            model_name='identity',
            name='normalized_subject',
            field=models.CharField(blank=True, editable=False, max_length=254, null=True),
        ),
        migrations.AddConstraint(
            model_name='identity',
            constraint=models.UniqueConstraint(
                fields=['connection', 'provider_entity_id', 'subject_kind', 'normalized_subject'],
                name='identity_one_per_normal_form',
            ),
        ),
    ]
