from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orgs", "0004_take_source_choices_from_function")]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='email',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=254),
        ),
    ]
