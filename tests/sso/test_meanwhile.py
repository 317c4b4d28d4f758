"""What happens between two statements of one sign-in: somebody else's request, put there on purpose."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import connection

from audit.actors import COMMAND_LINE
from orgs.models import Role
from orgs.services import change_role, set_require_sso, suspend_member
from sso.models import ConfigurationState, Identity, SignInState
from sso.reasons import Reason
from sso.sealed import Note, seal
from tests.sso.conftest import new_browser
from tests.sso.test_connections import new_file, save


@contextmanager
def after_the_person_was_read(work: Callable[[], object]):
    """Do something once, right behind the statement that looks for the person."""
    done = []

    def watch(execute, statement, parameters, many, context):
        result = execute(statement, parameters, many, context)
        if " identity" in statement and not done:
            done.append(work)
            work()
        return result

    with connection.execute_wrapper(watch):
        yield
    assert done


def test_two_first_sign_ins_of_one_person_are_both_let_in(journey):
    """Two tabs: the other one makes the account, the membership and the identity in between."""
    other = new_browser()
    mine = journey.answer("ada", journey.start())
    first, journey.browser = journey.browser, other
    theirs = journey.answer("ada", journey.start())
    journey.browser = first
    with after_the_person_was_read(lambda: journey.post(theirs, browser=other)):
        answer = journey.post(mine)
    assert answer["Location"] == f"/o/{journey.organization.slug}/"
    assert other.get("/session").status_code == first.get("/session").status_code == 200
    assert Identity.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [(partial(change_role, role=Role.MEMBER), "test_needs_admin"), (suspend_member, "suspended")],
    ids=["demoted", "suspended"],
)
def test_who_is_no_admin_any_more_activates_nothing(journey, member, make_user, change, reason):
    set_require_sso(organization=journey.organization, required=True, actor=COMMAND_LINE)
    journey.organization.refresh_from_db()
    draft = save(journey, **new_file(journey)).configuration
    admin = journey.organization.memberships.get(role=Role.ADMIN)
    member(journey.organization, Role.ADMIN, make_user("other@contoso.example"))
    request_id = journey.start(test=seal(Note.TEST, draft.public_id.hex))
    answer = journey.answer("ada", request_id, name_id=admin.user.email)
    with after_the_person_was_read(lambda: change(membership=admin, by=None, actor=COMMAND_LINE)):
        journey.post(answer)
    assert (journey.last().state, journey.last().reason) == (SignInState.REFUSED, Reason(reason))
    assert (journey.last().user, journey.last().door) == (None, None)
    draft.refresh_from_db()
    assert draft.state == ConfigurationState.DRAFT
