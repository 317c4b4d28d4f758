from django.db import migrations, models

from database.prefixes import ByBytes
from database.safe_indexes import AddIndexInUse


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sso", "0005_take_provider_choices_from_function")]

    operations = [
        AddIndexInUse(
            model_name='identity',
            index=models.Index(fields=['subject'], name='identity_by_subject'),
        ),
        AddIndexInUse(
            model_name='identity',
            index=models.Index(fields=['subject_kind', '-id'], name='identity_by_kind'),
        ),
        AddIndexInUse(
            model_name='signin',
            index=models.Index(fields=['organization', 'state', '-started_at'], name='sign_in_log_by_state'),
        ),
        AddIndexInUse(
            model_name='signin',
            index=models.Index(models.F('organization'), ByBytes('address'), models.OrderBy(models.F('started_at'), descending=True), name='sign_in_log_by_address'),
        ),
        AddIndexInUse(
            model_name='signin',
            index=models.Index(fields=['-started_at'], name='sign_in_age'),
        ),
        AddIndexInUse(
            model_name='signin',
            index=models.Index(fields=['ip_address', '-started_at'], name='sign_in_by_ip_address'),
        ),
        AddIndexInUse(
            model_name='signin',
            index=models.Index(ByBytes('address'), models.OrderBy(models.F('started_at'), descending=True), condition=models.Q(('user__isnull', True), models.Q(('address', ''), _negated=True)), name='sign_in_of_stranger'),
        ),
        AddIndexInUse(
            model_name='signin',
            index=models.Index(condition=models.Q(('state', 'succeeded'), _negated=True), fields=['state', '-started_at'], name='sign_in_by_state'),
        ),
        AddIndexInUse(
            model_name='signin',
            index=models.Index(condition=models.Q(('reason', ''), _negated=True), fields=['reason', '-started_at'], name='sign_in_by_reason'),
        ),
        AddIndexInUse(
            model_name='signin',
            index=models.Index(condition=models.Q(('operator_reason', ''), _negated=True), fields=['operator_reason', '-started_at'], name='sign_in_by_operator_reason'),
        ),
        AddIndexInUse(
            model_name='signin',
            index=models.Index(condition=models.Q(('purpose', 'sign_in'), _negated=True), fields=['purpose', '-started_at'], name='sign_in_by_purpose'),
        ),
        AddIndexInUse(
            model_name='signout',
            index=models.Index(fields=['state', '-asked_at'], name='sign_out_by_state'),
        ),
    ]
