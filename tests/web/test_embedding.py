"""The pages for other sites: who may frame what, oEmbed, and the scripts for hosts."""

from __future__ import annotations

import gzip
import re
from urllib.parse import quote

import pytest

from tools.bundle import ensure_bundle
from vmviz.web.sockets import ours


@pytest.fixture
def client(make):
    return make()


def oembed(client, url, **more):
    return client.get("/oembed", query_string={"url": url, **more})


def test_anybody_may_frame_an_embed_and_nothing_else(client):
    frame, page = client.get("/embed/tiny"), client.get("/lesson/tiny")
    assert "frame-ancestors *" in frame.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in frame.headers
    assert frame.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"


def test_only_the_sites_of_the_setting_may_frame_an_embed(make):
    client = make(embed_origins=("https://moodle.example.edu", "https://*.example.org"))
    policy = client.get("/embed/tiny").headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self' https://moodle.example.edu https://*.example.org")


@pytest.mark.parametrize("path, status", [("/embed/nowhere", 404), ("/embed/broken", 500)])
def test_a_frame_without_a_lesson_says_so_and_can_be_framed(client, path, status):
    frame = client.get(path + "?lang=pt-BR")
    assert frame.status_code == status and '<html lang="pt-BR"' in frame.text
    assert "frame-ancestors *" in frame.headers["Content-Security-Policy"]


@pytest.mark.parametrize("asked, given", [
    ("min", "min"), ("none", "none"), ("full", "full"), ("<b>", "full"), ("", "full")])
def test_controls_are_those_there_are(client, asked, given):
    page = client.get("/embed/tiny", query_string={"controls": asked}).text
    assert f'controls-{given}"' in page and f'"controls":"{given}"' in page


def test_an_embed_has_no_cookie_and_nothing_in_line(client):
    frame = client.get("/embed/tiny")
    assert "Set-Cookie" not in frame.headers
    assert not re.search(r"<style|\sstyle=|\son\w+=", frame.text)


def test_a_lesson_page_says_where_its_oembed_is(client):
    page = client.get("/lesson/tiny").text
    found = re.search(r'<link rel="alternate" type="application/json\+oembed" href="([^"]+)"', page)
    assert found and client.get(found[1].replace("&amp;", "&")).json["type"] == "rich"


def test_oembed_gives_a_frame_with_language_theme_and_step(client):
    address = "http://localhost/lesson/tiny?lang=pt-BR&theme=dark#step=37.3"
    told = oembed(client, address, maxwidth=500, maxheight=9999).json
    assert told["version"] == "1.0" and told["width"] == 500 and told["height"] == 600
    assert 'src="http://localhost/embed/tiny?lang=pt-BR&amp;theme=dark#step=37.3"' in told["html"]
    assert "<b>" not in told["html"]            # the title of the lesson has markup in it
    assert "&lt;/script&gt;" in told["html"]


@pytest.mark.parametrize("url", ["", "http://elsewhere/lesson/tiny", "http://localhost/about",
                                 "http://localhost:x/lesson/tiny", "ftp://localhost/lesson/tiny",
                                 "http://localhost/lesson/nowhere", "http://[", "x" * 9000,
                                 "http://localhost/lesson/tiny?" + "&".join(f"a{n}=1" for n in range(50)),
                                 "javascript:alert(1)", "http://localhost/lesson/" + quote("<b>")])
def test_oembed_of_what_is_no_lesson_is_not_found(client, url):
    assert oembed(client, url).status_code == 404


def test_oembed_ignores_what_is_no_step_and_no_size(client):
    address = 'http://localhost/embed/tiny?lang=xx&controls="><b>#step=1"><script>'
    told = oembed(client, address, maxwidth="-3", maxheight="1e9")
    assert told.json["width"] == 800 and told.json["html"].count("<") == 2
    assert oembed(client, "http://localhost/lesson/tiny", maxwidth=1).json["width"] == 240


def test_oembed_speaks_json_only(client):
    assert oembed(client, "http://localhost/lesson/tiny", format="xml").status_code == 501


def test_oembed_works_below_a_prefix(make):
    client = make(prefix="/vmviz")
    told = client.get("/vmviz/oembed", query_string={"url": "http://localhost/vmviz/lesson/tiny"}).json
    assert "http://localhost/vmviz/embed/tiny" in told["html"]


@pytest.mark.parametrize("script, most", [("resizer.js", 1024), ("element.js", 4096)])
def test_the_scripts_for_hosts_are_small_and_may_be_loaded_from_anywhere(client, script, most):
    ensure_bundle()
    with client.get(f"/embed/{script}") as got:
        body = got.data
    assert got.status_code == 200 and "javascript" in got.content_type
    assert got.headers["Access-Control-Allow-Origin"] == "*"
    assert got.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert len(gzip.compress(body, 9)) <= most


@pytest.mark.parametrize("origin, environ, allowed", [
    (None, {}, True), ("null", {"HTTP_HOST": "a.example"}, True),
    ("https://a.example", {"HTTP_HOST": "a.example"}, True),
    ("https://b.example", {"HTTP_HOST": "a.example"}, False), ("https://", {"HTTP_HOST": "a.example"}, False),
    ("https://b.example", {"HTTP_HOST": "inner:8000", "HTTP_X_FORWARDED_HOST": "b.example, c"}, True),
    ("https://b.example", {}, False), ("", {"HTTP_HOST": ""}, False),
])
def test_only_pages_of_ours_and_sandboxed_frames_may_open_a_socket(origin, environ, allowed):
    assert ours(origin, environ) is allowed
