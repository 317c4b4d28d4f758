from django.db import migrations, models

from database.prefixes import ByBytes
from database.safe_indexes import AddIndexInUse


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("audit", "0001_initial")]

    operations = [
        AddIndexInUse(
            model_name='event',
            index=models.Index(fields=['organization_number', 'risk', '-at'], name='event_of_org_by_risk'),
        ),
        AddIndexInUse(
            model_name='event',
            index=models.Index(fields=['organization_number', 'name', '-at'], name='event_of_org_by_name'),
        ),
        AddIndexInUse(
            model_name='event',
            index=models.Index(models.F('organization_number'), ByBytes('actor_email'), models.OrderBy(models.F('at'), descending=True), name='event_of_org_by_actor_email'),
        ),
        AddIndexInUse(
            model_name='event',
            index=models.Index(models.F('organization_number'), ByBytes('target'), models.OrderBy(models.F('at'), descending=True), name='event_of_org_by_target'),
        ),
        AddIndexInUse(
            model_name='event',
            index=models.Index(fields=['risk', '-at'], name='event_by_risk'),
        ),
        AddIndexInUse(
            model_name='event',
            index=models.Index(fields=['name', '-at'], name='event_by_name'),
        ),
        AddIndexInUse(
            model_name='event',
            index=models.Index(condition=models.Q(('outcome', 'refused')), fields=['-at'], name='event_refused'),
        ),
        AddIndexInUse(
            model_name='event',
            index=models.Index(ByBytes('actor_email'), models.OrderBy(models.F('at'), descending=True), name='event_by_actor_email'),
        ),
        AddIndexInUse(
            model_name='event',
            index=models.Index(ByBytes('target'), models.OrderBy(models.F('at'), descending=True), name='event_by_target'),
        ),
        AddIndexInUse(
            model_name='event',
            index=models.Index(fields=['address', '-at'], name='event_by_address'),
        ),
    ]
