import django.db.models.deletion
import django.utils.timezone
import sso.reasons
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('orgs', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Connection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('provider', models.CharField(choices=[('azure', 'Microsoft Azure Active Directory'), ('okta', 'Okta'), ('onelogin', 'OneLogin'), ('google', 'Google'), ('auth0', 'Auth0'), ('aws', 'AWS IAM Identity Center'), ('other', 'Other')], max_length=16, verbose_name='identity provider')),
                ('state', models.CharField(choices=[('enabled', 'Enabled'), ('disabled', 'Disabled')], default='enabled', max_length=8)),
                ('just_in_time_role', models.PositiveSmallIntegerField(blank=True, choices=[(10, 'Viewer'), (20, 'Member'), (30, 'Manager')], default=20, help_text='Role of users who sign in without an invitation; empty: an invitation is required.', null=True)),
                ('single_logout', models.BooleanField(default=False, help_text='Signing out here also signs out at the identity provider.', verbose_name='sign out at the provider, too')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='connections', to='orgs.organization')),
            ],
            options={
                'ordering': ['organization', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Configuration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('version', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('active', 'Active'), ('retired', 'Retired')], default='draft', max_length=8)),
                ('entity_id', models.CharField(max_length=1024, verbose_name='entity ID of the provider')),
                ('sso_redirect_url', models.CharField(blank=True, max_length=2048)),
                ('sso_post_url', models.CharField(blank=True, max_length=2048)),
                ('slo_url', models.CharField(blank=True, max_length=2048, verbose_name='sign-out address')),
                ('slo_response_url', models.CharField(blank=True, max_length=2048, verbose_name='address for responses to sign-outs')),
                ('certificates', models.JSONField(default=list)),
                ('wants_signed_requests', models.BooleanField(default=False)),
                ('sign_requests', models.BooleanField(default=False, help_text='Sign requests even if the metadata does not ask for it.')),
                ('force_authn', models.BooleanField(db_default=False, default=False, help_text='The provider asks for the password or second factor each time, even if the user is signed in there.', verbose_name='ask for a fresh sign-in')),
                ('valid_until', models.DateTimeField(blank=True, null=True)),
                ('findings', models.JSONField(blank=True, default=list)),
                ('metadata', models.TextField()),
                ('expired_certificates_until', models.DateTimeField(blank=True, null=True)),
                ('sha1_until', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('activated_at', models.DateTimeField(blank=True, null=True)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='configurations', to='sso.connection')),
            ],
            options={
                'ordering': ['connection', '-version'],
            },
        ),
        migrations.CreateModel(
            name='Identity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider_entity_id', models.CharField(max_length=1024)),
                ('subject_kind', models.CharField(choices=[('objectidentifier', 'Object identifier claim'), ('name_id', 'Name ID'), ('address', 'E-mail address')], max_length=16)),
                ('subject', models.CharField(max_length=1024)),
                ('normalized_subject', models.CharField(blank=True, editable=False, max_length=254, null=True)),
                ('address', models.CharField(max_length=254, verbose_name='address last asserted')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='identities', to='sso.connection')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='identities', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'identities',
                'ordering': ['connection', 'user'],
            },
        ),
        migrations.CreateModel(
            name='Relinking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('provider_entity_id', models.CharField(max_length=1024)),
                ('before', models.JSONField()),
                ('subject_kind', models.CharField(choices=[('objectidentifier', 'Object identifier claim'), ('name_id', 'Name ID'), ('address', 'E-mail address')], max_length=16)),
                ('subject', models.CharField(max_length=1024)),
                ('made_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='relinkings', to='sso.connection')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-made_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='ServiceProviderKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('state', models.CharField(choices=[('next', 'Next'), ('current', 'In use'), ('previous', 'Previous'), ('retired', 'Retired')], max_length=8)),
                ('certificate', models.TextField(editable=False)),
                ('encrypted_private_key', models.TextField(blank=True, editable=False)),
                ('for_encryption', models.BooleanField(db_default=True, default=False, verbose_name='offered for encryption')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('promoted_at', models.DateTimeField(blank=True, null=True)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='service_provider_keys', to='orgs.organization')),
            ],
            options={
                'ordering': ['organization', 'id'],
            },
        ),
        migrations.CreateModel(
            name='SignIn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(editable=False, max_length=16, unique=True)),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('purpose', models.CharField(choices=[('sign_in', 'Sign-in'), ('test', 'Test of a draft'), ('test_now', 'Test')], default='sign_in', max_length=8)),
                ('started_by', models.CharField(choices=[('visitor', 'The visitor'), ('provider', 'An unsolicited response')], default='visitor', max_length=8)),
                ('repeat_restarts', models.PositiveSmallIntegerField(db_default=0, default=0, editable=False)),
                ('state', models.CharField(choices=[('started', 'Waiting for the identity provider'), ('succeeded', 'Signed in'), ('refused', 'Refused')], default='started', max_length=9)),
                ('request_id', models.CharField(editable=False, max_length=64)),
                ('nonce_hash', models.CharField(editable=False, max_length=64)),
                ('session', models.CharField(blank=True, editable=False, max_length=64)),
                ('next_path', models.CharField(blank=True, max_length=2000)),
                ('force_authn', models.BooleanField(db_default=False, default=False, verbose_name='asked for a fresh sign-in')),
                ('started_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('consumed_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, choices=sso.reasons.reason_choices, max_length=40)),
                ('operator_reason', models.CharField(blank=True, choices=sso.reasons.operator_reason_choices, db_default='', default='', max_length=40, verbose_name='reason for operators')),
                ('address', models.CharField(blank=True, max_length=254, verbose_name='address asserted')),
                ('checks', models.JSONField(blank=True, default=list)),
                ('claims', models.JSONField(blank=True, default=dict)),
                ('detail', models.CharField(blank=True, help_text='Message of the identity provider or a policy.', max_length=1000)),
                ('facts', models.JSONField(blank=True, editable=False, null=True)),
                ('signed', models.CharField(blank=True, max_length=10)),
                ('certificate', models.CharField(blank=True, help_text='SHA-256 of the certificate that verified the signature.', max_length=64)),
                ('signer', models.JSONField(blank=True, editable=False, null=True)),
                ('clock_skew', models.BigIntegerField(blank=True, help_text="Minimum number of seconds by which the provider's clock is ahead of ours; negative: behind.", null=True)),
                ('provider_session', models.JSONField(blank=True, default=dict, editable=False)),
                ('name_id_hash', models.CharField(blank=True, editable=False, max_length=64)),
                ('grant', models.UUIDField(blank=True, editable=False, null=True)),
                ('ip_address', models.GenericIPAddressField(blank=True, null=True)),
                ('client', models.CharField(blank=True, db_default='', default='', editable=False, max_length=43)),
                ('user_agent', models.CharField(blank=True, max_length=400)),
                ('configuration', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sign_ins', to='sso.configuration')),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sign_ins', to='sso.connection')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sign_ins', to='orgs.organization')),
                ('restart_of', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='restarts', to='sso.signin')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='sign_ins', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'sign-in',
                'ordering': ['-started_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='SignOut',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('direction', models.CharField(choices=[('ours', 'We asked the provider'), ('providers', 'The provider asked us')], max_length=9)),
                ('message_id', models.CharField(max_length=256, verbose_name='ID of the request')),
                ('state', models.CharField(choices=[('asked', 'Waiting for the identity provider'), ('done', 'Signed out'), ('partial', 'Not every session was ended'), ('refused', 'The provider did not confirm')], max_length=7)),
                ('detail', models.TextField(blank=True, db_default='', default='', editable=False)),
                ('grants_ended', models.PositiveIntegerField(default=0)),
                ('asked_at', models.DateTimeField(auto_now_add=True)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sign_outs', to='sso.connection')),
                ('sign_in', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='sign_outs', to='sso.signin')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'sign-out',
                'ordering': ['-asked_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=255, verbose_name='file name')),
                ('choices', models.JSONField(default=dict)),
                ('is_ready', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to='orgs.organization')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='OfferedProvider',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('entity_id', models.CharField(blank=True, max_length=1024, verbose_name='entity ID')),
                ('name', models.CharField(blank=True, max_length=200)),
                ('search_text', models.TextField(blank=True)),
                ('packed', models.BinaryField()),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='providers', to='sso.upload')),
            ],
            options={
                'ordering': ['search_text', 'id'],
            },
        ),
        migrations.AddConstraint(
            model_name='connection',
            constraint=models.CheckConstraint(condition=models.Q(('just_in_time_role__isnull', True), ('just_in_time_role__in', (10, 20, 30)), _connector='OR'), name='connection_just_in_time_role_below_admin'),
        ),
        migrations.AddConstraint(
            model_name='configuration',
            constraint=models.UniqueConstraint(fields=('connection', 'version'), name='configuration_version_once'),
        ),
        migrations.AddConstraint(
            model_name='configuration',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'active')), fields=('connection',), name='configuration_one_active'),
        ),
        migrations.AddConstraint(
            model_name='configuration',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'draft')), fields=('connection',), name='configuration_one_draft'),
        ),
        migrations.AddConstraint(
            model_name='configuration',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sso_redirect_url', ''), _negated=True), models.Q(('sso_post_url', ''), _negated=True), _connector='OR'), name='configuration_has_sign_in_address'),
        ),
        migrations.AddConstraint(
            model_name='configuration',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'active'), _negated=True), ('activated_at__isnull', False), _connector='OR'), name='configuration_active_since'),
        ),
        migrations.AddConstraint(
            model_name='identity',
            constraint=models.UniqueConstraint(fields=('connection', 'provider_entity_id', 'subject_kind', 'subject'), name='identity_one_per_subject'),
        ),
        migrations.AddConstraint(
            model_name='identity',
            constraint=models.UniqueConstraint(fields=('connection', 'provider_entity_id', 'subject_kind', 'normalized_subject'), name='identity_one_per_normal_form'),
        ),
        migrations.AddConstraint(
            model_name='identity',
            constraint=models.UniqueConstraint(fields=('connection', 'provider_entity_id', 'subject_kind', 'user'), name='identity_one_per_user'),
        ),
        migrations.AddConstraint(
            model_name='serviceproviderkey',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'retired'), _negated=True), fields=('organization', 'state'), name='key_one_in_each_state'),
        ),
        migrations.AddConstraint(
            model_name='serviceproviderkey',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'retired'), ('encrypted_private_key', ''), ('retired_at__isnull', False)), models.Q(models.Q(('state', 'retired'), _negated=True), models.Q(('encrypted_private_key', ''), _negated=True), ('retired_at__isnull', True)), _connector='OR'), name='key_retired_means_forgotten'),
        ),
        migrations.AddIndex(
            model_name='signin',
            index=models.Index(fields=['organization', '-started_at'], name='sign_in_log'),
        ),
        migrations.AddIndex(
            model_name='signin',
            index=models.Index(fields=['configuration', 'user', 'state'], name='sign_in_tested'),
        ),
        migrations.AddIndex(
            model_name='signin',
            index=models.Index(fields=['connection', 'name_id_hash'], name='sign_in_by_name_id'),
        ),
        migrations.AddIndex(
            model_name='signin',
            index=models.Index(fields=['grant'], name='sign_in_by_grant'),
        ),
        migrations.AddIndex(
            model_name='signin',
            index=models.Index(condition=models.Q(('state', 'succeeded'), _negated=True), fields=['organization', 'client', '-started_at'], name='sign_in_unfinished'),
        ),
        migrations.AddConstraint(
            model_name='signin',
            constraint=models.UniqueConstraint(fields=('organization', 'request_id'), name='sign_in_one_per_request'),
        ),
        migrations.AddConstraint(
            model_name='signin',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'started'), ('consumed_at__isnull', False), _connector='OR'), name='sign_in_ended_means_consumed'),
        ),
        migrations.AddConstraint(
            model_name='signin',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), models.Q(('reason', ''), _negated=True)), models.Q(models.Q(('state', 'refused'), _negated=True), ('reason', '')), _connector='OR'), name='sign_in_refused_means_reason'),
        ),
        migrations.AddIndex(
            model_name='signout',
            index=models.Index(fields=['asked_at'], name='sign_out_age'),
        ),
        migrations.AddConstraint(
            model_name='signout',
            constraint=models.UniqueConstraint(fields=('connection', 'direction', 'message_id'), name='sign_out_one_per_request'),
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(fields=['expires_at'], name='upload_age'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.UniqueConstraint(condition=models.Q(('is_ready', True)), fields=('organization', 'created_by'), name='upload_one_ready'),
        ),
    ]
