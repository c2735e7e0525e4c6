"""Answers in the encodings that a client takes, and the same content whatever they are."""

from __future__ import annotations

import gzip

import pytest

from tests.web.fake import FakeShelf
from tools.bundle import DIST, ensure_bundle
from vmviz.web.application import build
from vmviz.web.settings import Settings


@pytest.fixture
def client(tmp_path):
    web = build(Settings(sessions=tmp_path / "s.sqlite"), FakeShelf(), "threading")
    yield web.app.test_client()
    web.store.close()


@pytest.mark.parametrize("path", ["/", "/lesson/tiny", "/embed/tiny", "/api/lessons/tiny/outline"])
def test_a_page_is_the_same_with_and_without_gzip(client, path):
    plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip"})
    if len(plain.data) >= 1000:
        assert packed.headers["Content-Encoding"] == "gzip" and len(packed.data) < len(plain.data)
        assert gzip.decompress(packed.data) == plain.data
    assert "Content-Encoding" not in plain.headers and "Accept-Encoding" in plain.headers["Vary"]


def test_what_has_not_changed_is_not_sent_again_in_either_encoding(client):
    for encoding in ("gzip", ""):
        headers = {"Accept-Encoding": encoding}
        tag = client.get("/api/lessons/tiny/outline", headers=headers).headers["ETag"]
        again = client.get("/api/lessons/tiny/outline", headers={**headers, "If-None-Match": tag})
        assert again.status_code == 304 and not again.data


@pytest.mark.parametrize("accepts, encoding", [("br, gzip", "br"), ("gzip", "gzip"), ("gzip;q=0", None), ("", None)])
def test_built_files_come_as_the_build_has_compressed_them(client, accepts, encoding):
    ensure_bundle()
    with client.get("/static/dist/player.css", headers={"Accept-Encoding": accepts}) as got:
        body = got.data
    assert got.headers.get("Content-Encoding") == encoding and got.mimetype == "text/css"
    plain = (DIST / "player.css").read_bytes()
    assert (gzip.decompress(body) if encoding == "gzip" else plain if encoding == "br" else body) == plain
    assert "Accept-Encoding" in got.headers["Vary"]


@pytest.mark.parametrize("path", [
    "/static/dist/../../app.py", "/static/dist/%2e%2e/%2e%2e/app.py", "/static/dist/nothing.js"])
def test_nothing_else_is_served(client, path):
    assert client.get(path, headers={"Accept-Encoding": "gzip, br"}).status_code == 404
