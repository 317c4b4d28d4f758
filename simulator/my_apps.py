"""My Apps: a user's tiles, where sign-ins begin at the provider's side."""

from flask import Blueprint, render_template

from simulator.context import app_or_404, tenant, user_or_404
from simulator.sign_in import answer_for, post_page, remember

blueprint = Blueprint("my_apps", __name__, url_prefix="/myapps")


@blueprint.get("")
def people() -> str:
    """Show the users, to choose whose tiles to see."""
    return render_template("my_apps_people.html", people=tenant().users.values())


@blueprint.get("/<alias>")
def tiles(alias: str) -> str:
    """Show the applications this user is assigned to."""
    person = user_or_404(alias)
    remember(person)
    apps = [app for app in tenant().apps.values() if alias in app.assigned]
    return render_template("my_apps.html", person=person, apps=apps)


@blueprint.post("/<alias>/<app_id>")
def open_tile(alias: str, app_id: str) -> str:
    """Send the application an unsolicited response, with its own Relay State."""
    app = app_or_404(app_id)
    answer = answer_for(app, user_or_404(alias))
    return post_page(app.reply_url, answer, app.relay_state or None)
