"""What README and the guides say is so: variables, commands, targets, files, steps."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from django.core.management import get_commands
from django.urls import NoReverseMatch, Resolver404, resolve

from amplisso.health.probes import PROBES
from audit import retention
from orgs.sessions import lifetimes
from sso import saml
from sso.models import Provider
from sso.providers.azure import GUIDE
from sso.services.sign_in.start import STARTS_COUNTED_FOR

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")])
MAKEFILE = (ROOT / "Makefile").read_text()


def variables_of_the_settings() -> set[str]:
    """Every environment variable that the settings read."""
    source = (ROOT / "amplisso" / "environment/read.py").read_text()
    return set(re.findall(r"reader\.read\(\s*\"([A-Z_]+)\"", source))


def targets() -> set[str]:
    """Every target that `make help` lists."""
    return set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))


def read(page: Path) -> str:
    """A page's text."""
    return page.read_text()


def test_the_settings_read_something() -> None:
    assert {"SECRET_KEY", "BASE_URL", "DATABASE_URL", "TRUSTED_PROXY_COUNT"} <= variables_of_the_settings()


def test_readme_explains_every_variable_and_no_other() -> None:
    table = README.partition("## Configuration")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)) == variables_of_the_settings()


def test_the_example_names_every_variable_and_no_other() -> None:
    named = re.findall(r"^(?:# )?([A-Z_]+)=", read(ROOT / ".env.example"), re.MULTILINE)
    assert sorted(named) == sorted(variables_of_the_settings() | {"POSTGRES_PASSWORD"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_named_exists(page: Path) -> None:
    named = re.findall(r"(?:^    |`)(?:\w+=\S+ )*make ([a-z-]+)", read(page), re.MULTILINE)
    assert set(named) <= targets()


def test_every_make_target_is_phony_and_explained() -> None:
    phony = set(re.findall(r"[a-z-]+", MAKEFILE.partition(".PHONY: ")[2].partition("\n")[0]))
    assert phony == targets()


def test_the_quick_tests_exist() -> None:
    named = MAKEFILE.partition("QUICK_TESTS := ")[2].partition("\n\n")[0].replace("\\", " ").split()
    assert len(named) > 1
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_named_exists(page: Path) -> None:
    assert set(re.findall(r"manage\.py ([a-z_]+)", read(page))) <= set(get_commands())


def test_every_command_of_ours_is_in_the_operators_guide() -> None:
    ours = {name for name, app in get_commands().items() if app in {"orgs", "sso", "audit", "jobs"}}
    assert ours <= set(re.findall(r"manage\.py ([a-z_]+)", read(ROOT / "docs" / "operating.md")))


def test_the_operators_guide_names_every_provider_and_no_other() -> None:
    row = next(line for line in read(ROOT / "docs" / "operating.md").splitlines() if "manage.py connection" in line)
    assert re.findall(r"`([a-z0-9]+)`", row.partition("`PROVIDER` is")[2]) == Provider.values


def test_the_example_switches_nothing_on() -> None:
    lines = read(ROOT / ".env.example").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", read(page))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_folder_on_the_map_exists_and_none_is_missing() -> None:
    table = README.partition("## The map of the code")[2].partition("\n## ")[0]
    named = {row.rstrip("/") for row in re.findall(r"^\| `([a-z/]+)` \|", table, re.MULTILINE)}
    assert [folder for folder in named if not (ROOT / folder).is_dir()] == []
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} <= named


def test_every_file_in_the_design_exists() -> None:
    text = read(ROOT / "docs" / "design.md")
    named = set(
        re.findall(r"(?<![\w/])((?:amplisso|orgs|sso|audit|database|jobs|outbox|simulator|tests)/[a-z_/]+\.py)", text)
    )
    assert named
    assert [file for file in named if not (ROOT / file).exists()] == []


FOR_CONTRIBUTORS = [page for page in PAGES if page.parent.name in {"dev", "adr"}] + [ROOT / "CONTRIBUTING.md"]
_FOLDER = r"(?:amplisso|audit|bench|database|docs|orgs|requirements|simulator|sso|templates|tests|\.ci|\.github)"


@pytest.mark.parametrize("page", FOR_CONTRIBUTORS, ids=lambda page: page.name)
def test_every_path_for_contributors_exists(page: Path) -> None:
    named = re.findall(rf"`({_FOLDER}/[\w./-]*)`", read(page))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_pages_for_contributors_are_there_and_name_paths() -> None:
    assert {page.name for page in FOR_CONTRIBUTORS} >= {"patterns.md", "testing.md", "migrations.md", "reviewing.md"}
    assert len(re.findall(rf"`{_FOLDER}/", read(ROOT / "docs" / "dev" / "patterns.md"))) > 20


@pytest.mark.parametrize("page", FOR_CONTRIBUTORS, ids=lambda page: page.name)
def test_every_python_file_in_a_command_exists(page: Path) -> None:
    named = re.findall(r"(?<= )((?:tests|bench)/[\w/]+\.py)", read(page))
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_heading_that_a_link_names_exists(page: Path) -> None:
    for file, anchor in re.findall(r"\]\((?!https?://)([^)#]*)#([\w-]+)\)", read(page)):
        text = read(page.parent / file if file else page)
        headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert anchor in anchors, (page.name, file, anchor)


def durations_of(module: ModuleType) -> dict[str, timedelta]:
    """Every duration that a module names, by its full name."""
    named = vars(module).items()
    return {f"{module.__name__}.{name}": value for name, value in named if isinstance(value, timedelta)}


def in_words(duration: timedelta) -> str:
    """A duration as the table has it, such as "12 hours"."""
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if duration >= length and duration % length == timedelta(0):
            return f"{duration // length} {unit}{'' if duration == length else 's'}"
    return "at once" if not duration else str(duration)


def test_what_ends_when_is_what_the_constants_say() -> None:
    section = read(ROOT / "docs" / "design.md").partition("## What ends when")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \| `([\w.]+)` \|$", section, re.MULTILINE)
    stated = {constant: duration for duration, constant in rows}
    protocol = {"sso.saml.REQUEST_LIFE": saml.REQUEST_LIFE, "sso.saml.LOGOUT_LIFE": saml.LOGOUT_LIFE}
    true = durations_of(lifetimes) | durations_of(retention) | protocol
    assert stated == {name: in_words(value) for name, value in true.items()}
    assert len(rows) == len(stated)


def test_a_link_lives_as_long_as_a_sign_in_waits() -> None:
    assert lifetimes.ENCRYPTED_PARAM == saml.REQUEST_LIFE


def test_nothing_is_deleted_that_is_still_needed() -> None:
    assert retention.UNFINISHED_SIGN_INS > saml.REQUEST_LIFE + STARTS_COUNTED_FOR
    assert retention.SESSION_LIST > lifetimes.SESSION_LONGEST
    assert retention.SIGN_OUTS > saml.LOGOUT_LIFE


def test_the_nine_steps_are_those_of_the_guide() -> None:
    section = README.partition("## How to connect Azure")[2].partition("\n## ")[0]
    steps = re.findall(r"^(\d)\. ((?:.|\n(?=   ))+)", section, re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, len(GUIDE.steps) + 1)) == list(range(1, 10))
    told = [re.sub(r"[*`\s]+", " ", text) for _, text in steps]
    for words, step, text in zip(WORDS, GUIDE.steps, told, strict=True):
        ours = " ".join([step.text, *(f"{entry.field} {entry.value}" for entry in step.entries)])
        assert all(word in ours and word in text for word in words), (words, ours, text)


WORDS = [
    ("Azure Active Directory", "Microsoft Entra ID"),
    ("Enterprise applications",),
    ("New application",),
    ("Create your own application",),
    ("Single sign-on", "Identifier", "Reply URL"),
    ("User identifier", "user.mail"),
    ("Metadata XML",),
    ("Access & SSO Settings", "Single Sign-On Settings", "Microsoft Azure Active Directory"),
    ("Save. Single sign-on is on.",),
]


def test_every_address_in_readme_is_one_of_ours() -> None:
    addresses = re.findall(r"`BASE_URL(/[^`]+)`", README) + re.findall(r"`GET (/[^`]+)`", README)
    assert len(addresses) >= 6
    for address in set(addresses) - set(PROBES):
        path = address.replace("<number>", "10001").replace("<slug>", "contoso")
        try:
            resolve(path)
        except (Resolver404, NoReverseMatch):
            pytest.fail(f"README names {address}")


def test_pins_name_no_place_that_packages_came_from() -> None:
    for file in sorted((ROOT / "requirements").glob("*.txt")):
        text = read(file)
        assert "://" not in text, file.name
        assert not re.search(r"^--(?!hash)", text, re.MULTILINE), file.name
        assert all("--hash=sha256:" in pin for pin in re.findall(r"^\S+==(?:.*\\\n)*.*", text, re.MULTILINE)), file.name


def test_pins_of_npm_packages_name_no_place_that_they_came_from() -> None:
    locks = sorted((ROOT / "tests").rglob("package-lock.json"))
    assert locks
    for lock in locks:
        packages = json.loads(read(lock))["packages"].items()
        assert [name for name, package in packages if "resolved" in package] == [], lock
        assert [name for name, package in packages if name and "integrity" not in package] == [], lock
        assert "omit-lockfile-registry-resolved=true" in read(lock.with_name(".npmrc"))


def test_the_tests_run_with_the_packages_of_a_deployment() -> None:
    base, dev = (
        set(re.findall(r"^(\S+==\S+)", read(ROOT / "requirements" / name), re.MULTILINE))
        for name in ("base.txt", "dev.txt")
    )
    assert {pin.partition("==")[0] for pin in base} >= {"django", "lxml", "python3-saml", "xmlsec"}
    assert base - dev == set()
