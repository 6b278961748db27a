"""Secrets: where they come from, and that they are shown and sent nowhere else."""

from __future__ import annotations

import base64
import json
import logging
import pickle
import traceback

import pytest

from coconet_med.errors import OptionError
from coconet_med.pacs.errors import ServerError
from coconet_med.pacs.secret import Login, Secret, find_login
from coconet_med.pacs.server import Server

PASSWORD = "wißbegierig hunter2"


TOKEN = "abc.DEF-ghi_123"


def test_a_secret_shows_in_no_form_of_text():
    login = Login(Secret(PASSWORD), "anna")
    for text in (str(login), repr(login), f"{login.secret}", f"{[login]}", str(vars(login))):
        assert "hunter2" not in text
    with pytest.raises(TypeError):
        pickle.dumps(login)


def test_secrets_come_from_environment_or_file(tmp_path):
    (tmp_path / "secret").write_text(f"{PASSWORD}\n", encoding="utf-8")
    from_file = find_login(user="anna", password_file=tmp_path / "secret", environment={})
    from_environment = find_login(user="anna", environment={"COCONET_MED_PACS_PASSWORD": PASSWORD})
    assert from_file.secret.reveal() == from_environment.secret.reveal() == PASSWORD
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    assert find_login(token_file=tmp_path / "token", environment={}).secret.reveal() == TOKEN
    assert find_login(environment={"COCONET_MED_PACS_TOKEN": TOKEN}).user is None
    assert find_login(environment={}) is None


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("hunter2\nmore\n", {"user": "anna", "password_file": "F"}, "expected one line"),
        ("", {"user": "anna", "password_file": "F"}, "expected one line"),
        ("hunter2", {"password_file": "F"}, "needs --user"),
        ("hunter2", {"user": "anna"}, "needs a password"),
        ("hunter2", {"user": "anna", "token_file": "F"}, "two ways"),
        ("hunter2 b", {"token_file": "F"}, "bearer token holds blanks"),
        ("hunter2ü", {"token_file": "F"}, "bearer token holds blanks"),
        ("hunter2", {"user": "a:b", "password_file": "F"}, "no colon"),
        ("hunter2" * 10000, {"user": "anna", "password_file": "F"}, "expected one line"),
        (None, {"user": "anna", "password_file": "F"}, "cannot be read"),
    ],
)
def test_unfit_secrets_are_refused_without_showing_them(tmp_path, content, options, words):
    file = tmp_path / "F"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    given = {key: file if value == "F" else value for key, value in options.items()}
    with pytest.raises(OptionError, match=words) as refusal:
        find_login(**given, environment={})
    assert "hunter2" not in "".join(traceback.format_exception(refusal.value))


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        (Login(Secret(TOKEN)), f"Bearer {TOKEN}"),
        (Login(Secret(PASSWORD), "anna"), "Basic " + base64.b64encode(f"anna:{PASSWORD}".encode()).decode()),
        (None, None),
    ],
)
def test_the_login_is_sent_and_nothing_else_is(answers, login, expected, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password stray\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    address, asked = answers(lambda h: h.say(200))
    Server(address, login=login).series("1.2.3")
    assert asked[0][1].get("Authorization") == expected


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500, 503])
@pytest.mark.parametrize("login", [Login(Secret(TOKEN)), Login(Secret(PASSWORD), "anna")])
def test_no_secret_in_errors_and_logs(answers, login, status, caplog):
    address, _ = answers(lambda h: h.say(status, json.dumps(h.headers["Authorization"]).encode()))
    server = Server(address, login=login)
    with caplog.at_level(logging.DEBUG), pytest.raises(ServerError) as failure:
        server.series("1.2.3")
    text = "".join(traceback.format_exception(failure.value)) + caplog.text + repr(vars(server))
    for secret in (TOKEN, PASSWORD, base64.b64encode(f"anna:{PASSWORD}".encode()).decode()):
        assert secret not in text
    assert "\n" not in str(failure.value)
    assert str(failure.value).startswith(f"{address.url}: search: ")
