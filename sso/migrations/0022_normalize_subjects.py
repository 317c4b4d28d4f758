"""Identities that are known by an address get its normal form; those of different accounts that collide do not."""

from django.db import migrations

from sso.services.subjects import normalize_stored


def fill_in(apps, schema_editor):
    normalize_stored(apps.get_model('sso', 'Identity'), apps.get_model('sso', 'SignIn'))


class Migration(migrations.Migration):

    dependencies = [
        ('sso', '0021_add_normalized_subject'),
    ]

    operations = [
        migrations.RunPython(fill_in, migrations.RunPython.noop),
    ]
