"""My Apps: tiles that open the application, or post to it unasked."""

from flask.testing import FlaskClient
from lxml import html

from simulator import App, Tenant
from tests.simulator.conftest import REPLY_URL
from tests.simulator.saml import authn_request, decoded, deflated, found


def test_everyone_can_be_chosen(client: FlaskClient, tenant: Tenant) -> None:
    page = html.fromstring(client.get("/myapps").text)
    links = page.xpath("//main//a/@href")
    assert len(links) == len(tenant.users)
    assert {client.get(link).status_code for link in links} == {200}


def test_a_tile_without_sign_on_url_posts_with_the_apps_relay_state(client: FlaskClient, app: App) -> None:
    app.relay_state = "/welcome"
    tile = html.fromstring(client.get("/myapps/ada").text).forms[0]
    answer = html.fromstring(client.post(tile.action).text).forms[0]
    fields = dict(answer.form_values())
    root = decoded(fields["SAMLResponse"])
    assert answer.action == REPLY_URL
    assert fields["RelayState"] == "/welcome"
    assert found(root, "//saml:NameID") == ["ada@contoso.example"]
    assert not found(root, "//@InResponseTo")


def test_a_tile_with_sign_on_url_is_a_link_to_it(client: FlaskClient, app: App) -> None:
    app.sign_on_url = "https://amplisso.example/sso/10001/start"
    page = html.fromstring(client.get("/myapps/ada").text)
    (tile,) = page.xpath("//a[contains(@class, 'tile')]")
    assert tile.get("href") == app.sign_on_url
    assert not page.forms


def test_whoever_came_from_their_own_tiles_is_asked_for_first(client: FlaskClient, app: App, tenant: Tenant) -> None:
    def people(**parameters: str) -> list[str]:
        query = {"SAMLRequest": deflated(authn_request())} | parameters
        return html.fromstring(client.get(f"/{tenant.id}/saml2", query_string=query).text).xpath(
            "//button[@name='account']/@value"
        )

    usual = people()
    assert usual[0] != "oscar"
    client.get("/myapps/oscar")
    assert people() == ["oscar", *(alias for alias in usual if alias != "oscar")]
    assert people(login_hint="grace@contoso.example")[:2] == ["grace", "oscar"]


def test_only_assigned_apps_have_a_tile(client: FlaskClient, app: App) -> None:
    page = client.get("/myapps/ivan")
    assert "No applications yet." in page.text
    refused = client.post(f"/myapps/ivan/{app.id}")
    assert "AADSTS50105" in refused.text


def test_an_app_without_reply_url_is_refused(client: FlaskClient, tenant: Tenant) -> None:
    unfinished = tenant.register("Unfinished")
    assert "AADSTS50011" in client.post(f"/myapps/ada/{unfinished.id}").text


def test_strangers_and_unknown_apps_are_not_found(client: FlaskClient) -> None:
    assert client.get("/myapps/nobody").status_code == 404
    assert client.post("/myapps/ada/unknown").status_code == 404
