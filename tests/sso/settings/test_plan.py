"""Which plans have single sign-on, as pages and refusals say it."""

from __future__ import annotations

import pytest

from orgs.errors import NotAllowedError
from orgs.models import Plan
from sso.services import plan_check
from tests.conftest import MakeOrganization


@pytest.mark.parametrize(
    ("slugs", "sentence"),
    [
        ([], "No plan includes single sign-on."),
        (["plus"], "Single sign-on is part of the Plus plan."),
        (["plus", "growth"], "Single sign-on is part of the Plus and Growth plans."),
        (["enterprise", "starter", "plus"], "Single sign-on is part of the Starter, Plus and Enterprise plans."),
    ],
)
def test_the_sentence_names_the_plans_that_have_it(db: None, slugs: list[str], sentence: str) -> None:
    Plan.objects.update(sso=False)
    Plan.objects.filter(slug__in=slugs).update(sso=True)
    assert plan_check.sentence_about_plans() == sentence


def test_a_plan_without_it_is_refused_in_that_sentence(make_organization: MakeOrganization) -> None:
    plan_check.check_plan(make_organization())
    with pytest.raises(NotAllowedError, match="part of the Growth, Enterprise and Scholarship plans"):
        plan_check.check_plan(make_organization("Initech", plan="starter"))
