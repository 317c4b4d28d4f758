from django.db import migrations, models

from database.prefixes import ByBytes
from database.safe_indexes import AddIndexInUse


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("outbox", "0001_create_messages")]

    operations = [
        AddIndexInUse(
            model_name="message",
            index=models.Index(
                ByBytes("recipient"),
                models.OrderBy(models.F("created_at"), descending=True),
                name="message_by_recipient",
            ),
        ),
    ]
