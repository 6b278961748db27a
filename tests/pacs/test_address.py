"""The address of a server is fit before anything is sent to it."""

from __future__ import annotations

import pytest

from coconet_med.errors import OptionError
from coconet_med.pacs.address import parse_address


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://pacs.example/dicom-web", "would send patient images unencrypted; use https"),
        ("http://10.0.0.7:8042/dicom-web", "would send patient images unencrypted"),
        ("http://localhost.evil.example/", "unencrypted"),
        ("http://127.0.0.1.evil.example/", "unencrypted"),
        ("https://user:hunter2@pacs.example/", "leave user and password out of the address"),
        ("ftp://pacs.example/", "no http"),
        ("pacs.example/dicom-web", "no http"),
        ("https://pacs.example/x?token=hunter2", "without"),
        ("https://[::1]:8042/dicom-web", "IPv6"),
        ("https://pacs.example:99999/", "cannot be understood"),
        ("https://pacs.exa\nmple/\x00", "no http"),
    ],
)
def test_an_unfit_address_is_refused_before_anything_is_sent(url, words):
    with pytest.raises(OptionError, match=words) as refusal:
        parse_address(url)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8042/dicom-web/", "http://localhost/x", "https://pacs.example/a/b"])
def test_this_machine_and_https_are_fit(url):
    assert parse_address(url).url == url.rstrip("/")


def test_plain_http_over_the_network_must_be_asked_for():
    assert parse_address("http://10.0.0.7/dicom-web", allow_plain_http=True).url == "http://10.0.0.7/dicom-web"
