"""Every template compiles, and none writes what the Content-Security-Policy would refuse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import engines
from django.template.loader import get_template

FOLDER = settings.BASE_DIR / "templates"
NAMES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file())
PAGES = [name for name in NAMES if name.endswith(".html")]
STATIC = re.compile(r"""{%\s*static\s+["']([^"']+)["']""")
REFUSED = [
    re.compile(r"<style", re.IGNORECASE),
    re.compile(r"<script(?![^>]*(\bsrc=|application/json))[^>]*>", re.IGNORECASE),
    re.compile(r"<[^>{]*\sstyle\s*=", re.IGNORECASE),
    re.compile(r"<[^>{]*\son[a-z]+\s*=", re.IGNORECASE),
    re.compile(r"javascript:", re.IGNORECASE),
]


@pytest.mark.parametrize("name", NAMES)
def test_template_compiles(name: str) -> None:
    assert get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_template_has_nothing_inline(name: str) -> None:
    text = (FOLDER / name).read_text()
    assert [found.group() for pattern in REFUSED for found in pattern.finditer(text)] == []


@pytest.mark.parametrize("name", PAGES)
def test_static_files_named_in_template_exist(name: str) -> None:
    for path in STATIC.findall((FOLDER / name).read_text()):
        assert finders.find(path), path


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_last_resort_needs_no_context(name: str) -> None:
    assert "Amplisso" in get_template(name).render()


def test_moment_ends_without_a_space() -> None:
    template = engines["django"].from_string(
        '{% include "parts/time.html" with at=at %}, {% include "parts/state.html" with text="Off" %}.'
    )
    text = template.render({"at": None})
    assert text == ', <span class="state state-off">Off</span>.'


@pytest.mark.parametrize("name", ["variables.css", "style.css"])
def test_own_style_sheets_load_nothing_from_elsewhere(name: str) -> None:
    text = (Path(settings.BASE_DIR) / "amplisso/static/amplisso" / name).read_text()
    assert "@import" not in text
    assert all(address.startswith("data:") for address in re.findall(r"""url\(["']?([^"')]+)""", text))
