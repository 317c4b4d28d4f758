"""Responses signed by the right provider for another audience, another address or another time.

Also texts that are no response at all.
"""

from __future__ import annotations

from lxml import etree

from sso.saml import CheckName
from tests.attacks.messages.target import (
    BROKEN,
    EVIL,
    GENUINE,
    SAML,
    SAMLP,
    Case,
    Group,
    Target,
    child,
    one,
    posts,
    rebuilds,
    remove,
    replaces,
    says,
    says_to,
)
from tests.saml.provider import EMAIL_CLAIM, ISSUER, TENANT_CLAIM, attribute, encode, stamp

SCHEMA = CheckName.SCHEMA
STATUS_CODES = "urn:oasis:names:tc:SAML:2.0:status:"
METHODS = "urn:oasis:names:tc:SAML:2.0:cm:"
ELSEWHERE = "https://other.example"
EVIL_ACS = "https://evil.test/saml/2/acs/1"


def _audiences(*wrong: str) -> Case:
    return says(CheckName.AUDIENCE, audiences=(wrong,))


AUDIENCE: Group = {
    "none": says(CheckName.AUDIENCE, audiences=()),
    "of somebody else": _audiences(ELSEWHERE),
    "of two others": _audiences(ELSEWHERE, EVIL_ACS),
    "the ACS instead": says_to(lambda target: {"audiences": ((target.acs,),)}, CheckName.AUDIENCE),
    "of the next organization": says_to(
        lambda target: {"audiences": ((target.entity_id[:-1] + "9",),)}, CheckName.AUDIENCE
    ),
    "of the organization with one more digit": says_to(
        lambda target: {"audiences": ((target.entity_id + "0",),)}, CheckName.AUDIENCE
    ),
    "with a slash": says_to(lambda target: {"audiences": ((target.entity_id + "/",),)}, CheckName.AUDIENCE),
    "in capitals": says_to(lambda target: {"audiences": ((target.entity_id.upper(),),)}, CheckName.AUDIENCE),
    "inside another": says_to(
        lambda target: {"audiences": ((f"https://evil.test/?{target.entity_id}",),)}, CheckName.AUDIENCE
    ),
    "spn twice": says_to(lambda target: {"audiences": ((f"spn:spn:{target.entity_id}",),)}, CheckName.AUDIENCE),
    "spn in capitals": says_to(lambda target: {"audiences": ((f"SPN:{target.entity_id}",),)}, CheckName.AUDIENCE),
    "ours in one of two restrictions": says_to(
        lambda target: {"audiences": ((target.entity_id,), (ELSEWHERE,))}, CheckName.AUDIENCE
    ),
    "ours in the second of two restrictions": says_to(
        lambda target: {"audiences": ((ELSEWHERE,), (target.entity_id,))}, CheckName.AUDIENCE
    ),
    "empty": _audiences(""),
    "no audience in the restriction": says(CheckName.AUDIENCE, SCHEMA, audiences=((),)),
    "an empty restriction beside ours": says_to(
        lambda target: {"audiences": ((target.entity_id,), ())}, CheckName.AUDIENCE, SCHEMA
    ),
    "in a proxy restriction": says_to(
        lambda target: {
            "audiences": (),
            "more_conditions": f"<ProxyRestriction><Audience>{target.entity_id}</Audience></ProxyRestriction>",
        },
        CheckName.AUDIENCE,
    ),
    "in pieces": says_to(
        lambda target: {
            "audiences": (),
            "more_conditions": f"<AudienceRestriction><Audience>{target.entity_id}<x xmlns=''/></Audience>"
            "</AudienceRestriction>",
        },
        SCHEMA,
        CheckName.AUDIENCE,
    ),
}


def _wrong_addresses(knob: str, *by: CheckName) -> Group:
    """Return cases with another party's address that a careless comparison would take for ours."""

    def other(change) -> Case:
        return says_to(lambda target: {knob: change(target.acs)}, *by)

    return {
        "of somebody else": says(*by, **{knob: EVIL_ACS}),
        "of the next organization": other(lambda acs: acs[:-1] + "9"),
        "with one more digit": other(lambda acs: acs + "0"),
        "with one digit less": other(lambda acs: acs[:-1]),
        "with a slash": other(lambda acs: acs + "/"),
        "with a path behind": other(lambda acs: acs + "/x"),
        "with a query": other(lambda acs: acs + "?a=1"),
        "with a fragment": other(lambda acs: acs + "#a"),
        "in another's query": other(lambda acs: f"https://evil.test/?u={acs}"),
        "in another's path": other(lambda acs: f"https://evil.test/{acs}"),
        "as a user's name": other(lambda acs: acs.replace("https://", "https://evil.test@")),
        "on a host with ours in front": other(lambda acs: acs.replace("/saml", ".evil.test/saml")),
        "without encryption": other(lambda acs: acs.replace("https:", "http:")),
        "in capitals": other(str.upper),
        "with the port": other(lambda acs: acs.replace("/saml", ":443/saml")),
        "with a dot segment": other(lambda acs: acs.replace("/acs/", "/./acs/")),
        "with an escape": other(lambda acs: acs.replace("/acs/", "/%61cs/")),
        "only the path": other(lambda acs: acs.partition("/saml")[1] + acs.partition("/saml")[2]),
        "two of them": other(lambda acs: f"{acs} {EVIL_ACS}"),
        "empty": says(*by, **{knob: ""}),
    }


RECIPIENT: Group = {
    **_wrong_addresses("recipient", CheckName.RECIPIENT),
    "absent": says(CheckName.RECIPIENT, recipient=None),
}
DESTINATION: Group = {
    **_wrong_addresses("destination", CheckName.DESTINATION),
    "absent from a signed response": says(CheckName.DESTINATION, bases=("response", "both"), destination=None),
    "taken out of a signed response": rebuilds(
        lambda root: root.attrib.pop("Destination"), *BROKEN, bases=("response", "both")
    ),
}


def _confirmations(make) -> Case:
    """Other confirmations in the place of the right one."""
    return says_to(
        lambda target: {"method": METHODS + "sender-vouches", "more_confirmations": make(target)}, *CONFIRMED
    )


CONFIRMED = (
    CheckName.BEARER,
    CheckName.RECIPIENT,
    CheckName.IN_RESPONSE_TO,
    CheckName.CONFIRMATION_TIME,
)
TIME = CheckName.CONFIRMATION_TIME

CONFIRMATION: Group = {
    "sender vouches": says(CheckName.BEARER, method=METHODS + "sender-vouches"),
    "holder of key": says(CheckName.BEARER, method=METHODS + "holder-of-key"),
    "bearer in capitals": says(CheckName.BEARER, method=(METHODS + "bearer").upper()),
    "bearer of SAML 1": says(CheckName.BEARER, method="urn:oasis:names:tc:SAML:1.0:cm:bearer"),
    "no method": says(CheckName.BEARER, SCHEMA, method=""),
    "no confirmation": says(CheckName.BEARER, SCHEMA, before=lambda root: remove(root, "SubjectConfirmation")),
    "no data": says(CheckName.BEARER, before=lambda root: remove(root, "SubjectConfirmationData")),
    "two, each half right": _confirmations(
        lambda target: target.confirmation(recipient=EVIL_ACS) + target.confirmation(in_response_to="_other")
    ),
    "three, each a third right": _confirmations(
        lambda target: (
            target.confirmation(recipient=EVIL_ACS)
            + target.confirmation(in_response_to="_other")
            + target.confirmation(until=stamp(-60))
        )
    ),
    "right, but by another method": _confirmations(
        lambda target: target.confirmation(method=METHODS + "holder-of-key") + target.confirmation(until=stamp(-60))
    ),
    "with a NotBefore": says(TIME, confirmed_from=stamp(-5)),
    "with a NotBefore in the future": says(TIME, confirmed_from=stamp(5)),
    "no NotOnOrAfter": says(TIME, confirmed_until=None),
    "over": says(TIME, confirmed_until=stamp(-6)),
    "over for a year": says(TIME, confirmed_until="2025-03-02T09:30:00Z"),
    "in local time": says(TIME, SCHEMA, confirmed_until="2026-03-02T23:30:00+02:00"),
    "without a zone": says(TIME, SCHEMA, confirmed_until="2026-03-02T23:30:00"),
    "as a date": says(TIME, SCHEMA, confirmed_until="2027-03-02"),
    "as a number": says(TIME, SCHEMA, confirmed_until="99999999999"),
    "in the year 10000": says(TIME, SCHEMA, confirmed_until="10000-01-01T00:00:00Z"),
    "in the year 99999999999": says(TIME, SCHEMA, confirmed_until="99999999999-01-01T00:00:00Z"),
    "before Christ": says(TIME, SCHEMA, confirmed_until="-2026-03-02T23:30:00Z"),
    "on the 30th of February": says(TIME, SCHEMA, confirmed_until="2027-02-30T00:00:00Z"),
    "at half past twenty-four": says(TIME, SCHEMA, confirmed_until="2027-02-03T24:30:00Z"),
    "with blanks": says(TIME, SCHEMA, confirmed_until=f" {stamp(60)} "),
    "with other digits": says(TIME, SCHEMA, confirmed_until="٢٠٢٧-03-02T23:30:00Z"),
}

TIMES: Group = {
    "over": says(CheckName.VALIDITY, not_on_or_after=stamp(-6)),
    "over for a year": says(CheckName.VALIDITY, not_on_or_after="2025-03-02T09:30:00Z"),
    "not yet": says(CheckName.VALIDITY, not_before=stamp(6)),
    "not for a year": says(CheckName.VALIDITY, not_before="2027-03-02T09:30:00Z"),
    "turned round": says(CheckName.VALIDITY, not_before=stamp(2), not_on_or_after=stamp(-2)),
    "of no length": says(CheckName.VALIDITY, not_before=stamp(0), not_on_or_after=stamp(0)),
    "in local time": says(CheckName.VALIDITY, SCHEMA, not_on_or_after="2026-03-02T23:30:00+02:00"),
    "begins in local time": says(CheckName.VALIDITY, SCHEMA, not_before="2026-03-02T07:30:00-02:00"),
    "in the year 99999": says(CheckName.VALIDITY, SCHEMA, not_on_or_after="99999-01-01T00:00:00Z"),
    "empty": says(SCHEMA, not_on_or_after=""),
    "a word": says(SCHEMA, not_on_or_after="never"),
    "written tomorrow": says(CheckName.ISSUE_INSTANT, issued=stamp(1440)),
    "written in six minutes": says(CheckName.ISSUE_INSTANT, issued=stamp(6)),
    "written in local time": says(CheckName.ISSUE_INSTANT, issued="2026-03-02T09:29:00+00:00"),
    "written a quarter of an hour ago": says(CheckName.ISSUE_INSTANT, issued=stamp(-16)),
    "written last year": says(CheckName.ISSUE_INSTANT, issued="2025-03-02T09:29:00Z"),
    "written before Christ": says(CheckName.ISSUE_INSTANT, SCHEMA, issued="-0044-03-15T09:29:00Z"),
    "written never": says(SCHEMA, issued="never"),
    "signed in tomorrow": says(CheckName.AUTHN_STATEMENT, authn_instant=stamp(1440)),
    "signed in in the year 99999": says(CheckName.AUTHN_STATEMENT, authn_instant="99999-01-01T00:00:00Z"),
    "signed in in local time": says(CheckName.AUTHN_STATEMENT, authn_instant="2026-03-02T09:29:00+00:00"),
    "good for two days": says(CheckName.LIFETIME, not_on_or_after=stamp(2 * 1440)),
    "good for a hundred years": says(CheckName.LIFETIME, not_on_or_after="2126-03-02T09:30:00Z"),
    "good until the end of time": says(CheckName.LIFETIME, not_on_or_after="9999-12-31T23:59:59Z"),
    "confirmed for two days": says(CheckName.LIFETIME, confirmed_until=stamp(2 * 1440)),
    "confirmed until the end of time": says(CheckName.LIFETIME, confirmed_until="9999-12-31T23:59:59Z"),
    "confirmed for an hour and for ever": says_to(
        lambda target: {"more_confirmations": target.confirmation(until="9999-12-31T23:59:59Z")}, CheckName.LIFETIME
    ),
    "session over": says(CheckName.SESSION_TIME, session_until=stamp(-6)),
    "session over for years": says(CheckName.SESSION_TIME, session_until="2020-01-01T00:00:00Z"),
    "session in local time": says(CheckName.SESSION_TIME, session_until="2026-03-02T23:30:00+02:00"),
    "session until the year 99999": says(CheckName.SESSION_TIME, session_until="99999-01-01T00:00:00Z"),
}

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
CONDITIONS: Group = {
    "none": says(CheckName.CONDITIONS, before=lambda root: remove(root, "Conditions")),
    "unknown": says(SCHEMA, more_conditions=f'<Condition xmlns:t="urn:t" {XSI} xsi:type="t:Moon"/>'),
    "without a type": says(SCHEMA, CheckName.CONDITIONS, more_conditions="<Condition/>"),
    "known, as another type": says(
        CheckName.CONDITIONS,
        SCHEMA,
        more_conditions=f'<Condition xmlns:s="{SAML[1:-1]}" {XSI} xsi:type="s:OneTimeUseType"/>',
    ),
    "of another namespace": says(SCHEMA, more_conditions='<Moon xmlns="urn:t"/>'),
    "twice": says(
        SCHEMA,
        CheckName.CONDITIONS,
        before=lambda root: one(root, "Conditions").addnext(etree.Element(SAML + "Conditions")),
    ),
}

ISSUERS: Group = {
    "somebody else": says(CheckName.ISSUER, issuer="https://evil.test/", response_issuer=None),
    "somebody else on the response": says(CheckName.RESPONSE_ISSUER, response_issuer="https://evil.test/"),
    "somebody else on both": says(
        CheckName.RESPONSE_ISSUER, issuer="https://evil.test/", response_issuer="https://evil.test/"
    ),
    "without the slash": says(CheckName.ISSUER, issuer=ISSUER.rstrip("/"), response_issuer=None),
    "in capitals": says(CheckName.ISSUER, issuer=ISSUER.upper(), response_issuer=None),
    "longer": says(CheckName.ISSUER, issuer=ISSUER + "x", response_issuer=None),
    "with a blank that cannot break": says(CheckName.ISSUER, issuer=ISSUER + "\u00a0", response_issuer=None),
    "empty": says(CheckName.ISSUER, issuer="", response_issuer=None),
    "empty on the response": says(CheckName.RESPONSE_ISSUER, response_issuer=""),
    "another tenant": says(
        CheckName.ISSUER, issuer="https://sts.windows.net/99999999-6a52-4d0e-9c1d-5b7a2f6e8d41/", response_issuer=None
    ),
    "of another format": says(CheckName.ISSUER, issuer_format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
    "absent": says(SCHEMA, CheckName.ISSUER, response_issuer=None, before=lambda root: remove(root, "Issuer")),
    "twice": says(
        SCHEMA,
        before=lambda root: child(one(root, "Assertion"), SAML + "Issuer", "https://evil.test/"),
    ),
    "twice on the response": says(
        SCHEMA,
        before=lambda root: root.insert(0, _element("Issuer", "https://evil.test/")),
    ),
    "in pieces": says(
        SCHEMA, CheckName.ISSUER, before=lambda root: child(one(root[-1], "Issuer"), "x"), response_issuer=None
    ),
    "tenant claim of somebody else": says(
        CheckName.TENANT, attributes=((TENANT_CLAIM, ("99999999-6a52-4d0e-9c1d-5b7a2f6e8d41",)),)
    ),
    "two tenant claims": says(
        CheckName.TENANT, attributes=((TENANT_CLAIM, ("0f3c9b1e-6a52-4d0e-9c1d-5b7a2f6e8d41", "9")),)
    ),
    "empty tenant claim": says(CheckName.TENANT, attributes=((TENANT_CLAIM, ("",)),)),
    "tenant claim in capitals": says(CheckName.TENANT, attributes=((TENANT_CLAIM.upper(), ("9",)),)),
}


def _element(name: str, text: str = "") -> etree._Element:
    made = etree.Element(SAML + name)
    made.text = text or None
    return made


def _status(value: str) -> Case:
    return says(CheckName.STATUS, SCHEMA, status=value)


STATUSES: Group = {
    **{
        name: _status(STATUS_CODES + name)
        for name in ("Requester", "Responder", "VersionMismatch", "AuthnFailed", "NoPassive", "PartialLogout")
    },
    "success in small letters": _status(STATUS_CODES + "success"),
    "success with a blank": _status(STATUS_CODES + "Success "),
    "success of SAML 1": _status("samlp:Success"),
    "success only inside a failure": says(
        CheckName.STATUS,
        rewritten=lambda text: text.replace(
            f'<samlp:StatusCode Value="{STATUS_CODES}Success"/>',
            f'<samlp:StatusCode Value="{STATUS_CODES}Responder"><samlp:StatusCode Value="{STATUS_CODES}Success"/>'
            "</samlp:StatusCode>",
        ),
    ),
    "two codes": says(CheckName.STATUS, SCHEMA, status_detail=f'<samlp:StatusCode Value="{STATUS_CODES}Responder"/>'),
    "empty": _status(""),
    "no code": says(CheckName.STATUS, before=lambda root: remove(root, "StatusCode")),
    "no status": says(CheckName.STATUS, before=lambda root: remove(root, "Status")),
    "two statuses": says(
        CheckName.STATUS,
        SCHEMA,
        before=lambda root: one(root, "Status").addnext(
            etree.fromstring(
                f'<s:Status xmlns:s="{SAMLP[1:-1]}"><s:StatusCode Value="{STATUS_CODES}Responder"/></s:Status>'
            )
        ),
    ),
    "status of another namespace": replaces(
        b"<samlp:Status>",
        b'<samlp:Extensions><Status xmlns="urn:x"/></samlp:Extensions><samlp:Status>',
        *BROKEN,
        sign="response",
    ),
}

VERSIONS: Group = {
    f"{where} {version or 'empty'}": says(check, SCHEMA, **{knob: version})
    for where, knob, check in (
        ("response of version", "version", CheckName.RESPONSE_VERSION),
        ("assertion of version", "assertion_version", CheckName.ASSERTION_VERSION),
    )
    for version in ("1.0", "1.1", "2.1", "2", "2.00", " 2.0", "3.0", "")
}


def _answer_to_nobody(target: Target) -> str:
    """The My Apps tile's answer: the attacker knows our request and writes it where nothing is signed."""
    root = target.answer(in_response_to=None, response_in_response_to=None, name_id=EVIL).document()
    root.set("InResponseTo", target.request_id)
    return encode(etree.tostring(root))


def _answer_to_another(target: Target) -> str:
    root = target.answer(in_response_to="_other", response_in_response_to="_other", name_id=EVIL).document()
    root.set("InResponseTo", target.request_id)
    return encode(etree.tostring(root))


IN_RESPONSE_TO: Group = {
    "another request": says(CheckName.IN_RESPONSE_TO, in_response_to="_other"),
    "another request on the envelope": says(CheckName.RESPONSE_IN_RESPONSE_TO, response_in_response_to="_other"),
    "another request on both": says(
        CheckName.RESPONSE_IN_RESPONSE_TO, response_in_response_to="_other", in_response_to="_other"
    ),
    "absent": says(CheckName.IN_RESPONSE_TO, in_response_to=None),
    "absent on both": says(CheckName.IN_RESPONSE_TO, in_response_to=None, response_in_response_to=None),
    "empty": says(CheckName.IN_RESPONSE_TO, SCHEMA, in_response_to=""),
    "empty on the envelope": says(CheckName.RESPONSE_IN_RESPONSE_TO, SCHEMA, response_in_response_to=""),
    "one letter longer": says_to(lambda target: {"in_response_to": target.request_id + "0"}, CheckName.IN_RESPONSE_TO),
    "one letter shorter": says_to(lambda target: {"in_response_to": target.request_id[:-1]}, CheckName.IN_RESPONSE_TO),
    "in capitals": says_to(lambda target: {"in_response_to": target.request_id.upper()}, CheckName.IN_RESPONSE_TO),
    "with a blank": says_to(
        lambda target: {"in_response_to": target.request_id + " "}, CheckName.IN_RESPONSE_TO, SCHEMA
    ),
    "put on an unsolicited response's envelope": Case(_answer_to_nobody, (CheckName.IN_RESPONSE_TO, *BROKEN)),
    "put on the envelope of a response to another": Case(_answer_to_another, (CheckName.IN_RESPONSE_TO, *BROKEN)),
}


SECOND = "<Subject><NameID>eve@evil.test</NameID></Subject>"
STATEMENT = "<AttributeStatement>" + attribute("email", (EVIL,)) + "</AttributeStatement>"
AUTHN = (
    f'<AuthnStatement AuthnInstant="{stamp()}"><AuthnContext><AuthnContextClassRef>urn:x</AuthnContextClassRef>'
    "</AuthnContext></AuthnStatement>"
)


def _in_attribute(name: str, inside: str) -> str:
    return (
        f'<AttributeStatement><Attribute Name="{name}"><AttributeValue>{inside}</AttributeValue></Attribute>'
        "</AttributeStatement>"
    )


def _two_assertions(target: Target) -> str:
    root = target.answer().document()
    other = target.answer(rewritten=lambda text: text.replace("_a1", "_a2"), name_id=EVIL).document()
    root.append(other[-1])
    return encode(etree.tostring(root))


MULTIPLICITY: Group = {
    "two subjects": says(SCHEMA, CheckName.SUBJECT, extra=SECOND),
    "two name IDs": says(SCHEMA, CheckName.SUBJECT, name_id_xml=f"<NameID>{GENUINE}</NameID><NameID>{EVIL}</NameID>"),
    "a name ID and an encrypted one": says(
        SCHEMA, CheckName.ENCRYPTION, name_id_xml=f"<NameID>{GENUINE}</NameID><EncryptedID/>"
    ),
    "a base ID": says(SCHEMA, CheckName.SUBJECT, name_id_xml="<BaseID/>"),
    "a second authentication statement of tomorrow": says(
        CheckName.AUTHN_STATEMENT, extra=AUTHN.replace(stamp(), stamp(1440))
    ),
    "a second authentication statement whose session is over": says(
        CheckName.SESSION_TIME,
        extra=AUTHN.replace("><AuthnContext", f' SessionNotOnOrAfter="{stamp(-60)}"><AuthnContext', 1),
    ),
    "hundreds of authentication statements": says(CheckName.AUTHN_STATEMENT, extra=AUTHN * 300),
    "no authentication statement": says(CheckName.AUTHN_STATEMENT, before=lambda root: remove(root, "AuthnStatement")),
    "two assertions, both signed by the provider": Case(
        _two_assertions, (CheckName.ONE_ASSERTION, CheckName.UNIQUE_IDS)
    ),
    "no assertion": says(CheckName.ONE_ASSERTION, sign="none", before=lambda root: remove(root, "Assertion")),
    "nothing": says(
        CheckName.ONE_ASSERTION, sign="response", before=lambda root: remove(root, "Assertion"), bases=("response",)
    ),
    "the address in two pieces": says(
        CheckName.ATTRIBUTES,
        statement=_in_attribute(EMAIL_CLAIM, f"{GENUINE}<x xmlns=''/>.evil.test"),
    ),
    "the address inside an element": says(
        CheckName.ATTRIBUTES, statement=_in_attribute(EMAIL_CLAIM, f"<x xmlns=''>{GENUINE}</x>")
    ),
    "the object ID in pieces": says(
        CheckName.ATTRIBUTES,
        statement=_in_attribute("http://schemas.microsoft.com/identity/claims/objectidentifier", "1<x xmlns=''/>2"),
    ),
    "the tenant in pieces": says(CheckName.ATTRIBUTES, statement=_in_attribute(TENANT_CLAIM, "0f3c9b1e<x xmlns=''/>")),
    "an assertion in the address": says(
        CheckName.ONE_ASSERTION, statement=_in_attribute(EMAIL_CLAIM, "<Assertion xmlns='urn:x'/>")
    ),
}


SUBJECT: Group = {
    "no name ID": says(CheckName.SUBJECT, name_id=None),
    "empty": says(CheckName.NAME_ID, name_id=""),
    "blanks": says(CheckName.NAME_ID, name_id=" \t\n "),
    "endless": says(CheckName.NAME_ID, name_id="a" * 1025),
    "for another service provider": says(CheckName.NAME_ID, name_qualifier=ELSEWHERE),
    "for nobody": says(CheckName.NAME_ID, name_qualifier=""),
    "with an element in it": says(
        SCHEMA, CheckName.NAME_ID, name_id_xml=f"<NameID>{GENUINE}<x xmlns=''/>.evil.test</NameID>"
    ),
    "no subject": says(CheckName.SUBJECT, SCHEMA, before=lambda root: remove(root, "Subject")),
    "of another namespace": says(SCHEMA, CheckName.SUBJECT, name_id_xml=f'<NameID xmlns="urn:x">{GENUINE}</NameID>'),
}

MESSAGES: Group = {
    **{
        f"a {name}": posts(
            encode(f'<{name} xmlns="{SAMLP[1:-1]}" ID="_x" Version="2.0" IssueInstant="{stamp()}"/>'.encode()),
            CheckName.RESPONSE,
        )
        for name in (
            "AuthnRequest",
            "LogoutRequest",
            "LogoutResponse",
            "ArtifactResponse",
            "ManageNameIDRequest",
            "response",
        )
    },
    "a response of SAML 1": posts(
        encode(b'<Response xmlns="urn:oasis:names:tc:SAML:1.0:protocol"/>'), CheckName.RESPONSE
    ),
    "a response of no namespace": posts(encode(b"<Response/>"), CheckName.RESPONSE),
    "metadata": posts(encode(b'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>'), CheckName.RESPONSE),
    "a bare signed assertion": Case(
        lambda target: encode(etree.tostring(target.answer(sign="assertion").document()[-1])), (CheckName.RESPONSE,)
    ),
    "a SOAP envelope round a genuine response": Case(
        lambda target: encode(
            b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            + target.answer().xml()
            + b"</s:Body></s:Envelope>"
        ),
        (CheckName.RESPONSE,),
    ),
    "a logout response with a genuine assertion": Case(
        lambda target: encode(target.answer().xml().replace(b"samlp:Response", b"samlp:LogoutResponse")),
        (CheckName.RESPONSE,),
    ),
    "an HTML page": posts(encode(b"<html><body>Sign in</body></html>"), CheckName.BASE64),
    "JSON": posts(encode(b'{"sub": "eve"}'), CheckName.BASE64),
    "a plain text": posts(encode(b"let me in"), CheckName.WELL_FORMED),
}
