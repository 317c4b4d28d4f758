from django.db import migrations, models
from django.db.models.functions import Lower, StrIndex, Substr

from database.prefixes import ByBytes
from database.safe_indexes import AddIndexInUse


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orgs", "0006_fill_membership_email")]

    operations = [
        AddIndexInUse(
            model_name='invitation',
            index=models.Index(condition=models.Q(('accepted_at__isnull', True), ('revoked_at__isnull', True)), fields=['organization', '-sent_at', '-id'], name='invitation_open'),
        ),
        AddIndexInUse(
            model_name='invitation',
            index=models.Index(models.F('organization'), ByBytes('email'), condition=models.Q(('accepted_at__isnull', True), ('revoked_at__isnull', True)), name='invitation_open_by_email'),
        ),
        AddIndexInUse(
            model_name='invitation',
            index=models.Index(ByBytes('email'), name='invitation_by_email'),
        ),
        AddIndexInUse(
            model_name='membership',
            index=models.Index(models.F('organization'), ByBytes('email'), models.F('id'), name='membership_by_email'),
        ),
        AddIndexInUse(
            model_name='membership',
            index=models.Index(models.F('organization'), models.F('role'), ByBytes('email'), models.F('id'), name='membership_by_role_and_email'),
        ),
        AddIndexInUse(
            model_name='membership',
            index=models.Index(models.F('organization'), ByBytes(Lower('given_name')), name='membership_by_given_name'),
        ),
        AddIndexInUse(
            model_name='membership',
            index=models.Index(models.F('organization'), ByBytes(Lower('family_name')), name='membership_by_family_name'),
        ),
        AddIndexInUse(
            model_name='membership',
            index=models.Index(models.F('organization'), ByBytes(Lower('display_name')), name='membership_by_display_name'),
        ),
        AddIndexInUse(
            model_name='membership',
            index=models.Index(models.F('organization'), ByBytes(Lower(Substr('display_name', StrIndex('display_name', models.Value(' ')) + models.Value(1)))), name='membership_by_second_word'),
        ),
        AddIndexInUse(
            model_name='membership',
            index=models.Index(fields=['role', '-id'], name='membership_by_role'),
        ),
        AddIndexInUse(
            model_name='membership',
            index=models.Index(fields=['state', '-id'], name='membership_by_state'),
        ),
        AddIndexInUse(
            model_name='membership',
            index=models.Index(condition=models.Q(('accepted_at__isnull', True)), fields=['-id'], name='membership_not_accepted'),
        ),
        AddIndexInUse(
            model_name='sessiongrant',
            index=models.Index(fields=['-opened_at'], name='grant_age'),
        ),
        AddIndexInUse(
            model_name='sessiongrant',
            index=models.Index(fields=['kind', '-opened_at'], name='grant_by_kind'),
        ),
        AddIndexInUse(
            model_name='sessiongrant',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['-opened_at'], name='grant_not_ended'),
        ),
        AddIndexInUse(
            model_name='user',
            index=models.Index(ByBytes('email'), name='user_by_email'),
        ),
        AddIndexInUse(
            model_name='user',
            index=models.Index(condition=models.Q(('is_staff', True)), fields=['email'], name='user_staff'),
        ),
        AddIndexInUse(
            model_name='user',
            index=models.Index(condition=models.Q(('is_superuser', True)), fields=['email'], name='user_superuser'),
        ),
        AddIndexInUse(
            model_name='user',
            index=models.Index(condition=models.Q(('is_active', False)), fields=['email'], name='user_disabled'),
        ),
    ]
