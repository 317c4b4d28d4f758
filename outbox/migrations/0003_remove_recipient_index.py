from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("outbox", "0002_index_recipients")]

    operations = [migrations.RemoveIndex(model_name="message", name="message_to_recipient")]
