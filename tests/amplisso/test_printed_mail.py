"""A development server prints mails so that their links can be found and clicked."""

from __future__ import annotations

import io

from django.core.mail import EmailMessage

from amplisso.printed_mail import EmailBackend

LINK = "http://localhost:8000/account/confirm-email/" + "MQ:1abc=" * 30 + "/"
BODY = f"Ämplisso grüßt. Open this link:\n\n{LINK}\n\nOr (http://localhost:8000/sign-in).\n\nAgain: {LINK}\nhttp://localhost:8000\n"


def printed(body: str) -> str:
    """What is printed of a mail with this body."""
    stream = io.StringIO()
    message = EmailMessage(subject="Bestätigen", body=body, to=["ada@contoso.example", "bob@contoso.example"])
    assert EmailBackend(stream=stream).send_messages([message]) == 1
    return stream.getvalue()


def test_each_link_is_a_line_below_a_heading() -> None:
    lines = printed(BODY).splitlines()
    assert "===== Mail to ada@contoso.example, bob@contoso.example: Bestätigen =====" in lines
    start = lines.index("===== Links in this mail =====")
    assert [line for line in lines[start + 1 :] if line] == [
        LINK,
        "http://localhost:8000/sign-in",
        "===== End of the mail =====",
    ]


def test_the_text_is_printed_as_it_was_written() -> None:
    text = printed(BODY)
    assert f"Ämplisso grüßt. Open this link:\n\n{LINK}\n" in text
    assert "Content-Type" not in text


def test_a_mail_without_links_has_no_heading_for_them() -> None:
    assert "Links" not in printed("Your code: 123456\n\nhttp://localhost:8000")
