"""Amplisso: the whole ACS, with the sign-in's row consumed and logged, the grant and the session, all durable."""

from __future__ import annotations

import itertools
import os

from amplisso.wsgi import application
from audit.actors import Actor
from bench.peers.worker import Prepare, SignIn
from bench.population import populate
from bench.provider import Material
from bench.wsgi import call, encoded
from orgs.models import Organization
from sso.services.sign_in.finish import cookie_name
from sso.services.sign_in.start import start_sign_in

_SEE_OTHER = 303
# Each sign-in comes from an address of its own, since starts are limited by address.
_VISITORS = (Actor(address=f"2001:db8::{number:x}", user_agent="bench") for number in itertools.count(1))


def begin() -> Prepare:
    """Fill the database; every sign-in goes to the next of the organizations that have a certificate of their own."""
    material = Material.create()
    own = populate(material, connections=int(os.environ["BENCH_CONNECTIONS"]))
    turn = itertools.cycle(Organization.objects.select_related("plan").filter(number__in=own).order_by("number"))

    def prepare(count: int) -> list[SignIn]:
        return [_ready(material, next(turn)) for _ in range(count)]

    return prepare


def _ready(material: Material, organization: Organization) -> SignIn:
    """Start a sign-in and have the provider respond: the time before the ACS is not measured."""
    started = start_sign_in(organization=organization, actor=next(_VISITORS))
    body = encoded({"SAMLResponse": material.response(started.sign_in.request_id, number=organization.number)})
    path, cookies = f"/saml/2/acs/{organization.number}", {cookie_name(organization.number): started.nonce}

    def once() -> None:
        answer = call(application, path, body, cookies)
        if answer.status != _SEE_OTHER or not answer.cookies.get("sessionid"):
            raise RuntimeError(answer)

    return once
