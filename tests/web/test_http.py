"""Pages and API: what is there, what is not, languages, caching, and the headers of every answer."""

from __future__ import annotations

import re

import pytest

from tests.web.following import boot
from vmviz.web import i18n
from vmviz.web.security import policy


@pytest.fixture
def client(make):
    return make()


# ---- the API

def test_lessons_are_listed_and_a_broken_one_does_not_take_the_others_with_it(client):
    lessons = client.get("/api/lessons").json
    assert [lesson["name"] for lesson in lessons] == ["tiny", "other", "long"]
    assert lessons[0] == {"name": "tiny", "title": {"en": "The tiny one", "pt-BR": "A tiny"},
                          "summary": {"en": "", "pt-BR": ""}, "steps": 60, "minutes": 3, "level": "beginner",
                          "part": "B", "goals": [{"en": "Say it.", "pt-BR": "Dizer."}], "prerequisites": [],
                          "stops": ["first", "inside", "last"], "questions": []}


@pytest.mark.parametrize("what", ["text", "outline", "listing", "excerpt"])
def test_what_never_changes_is_not_sent_twice(client, what):
    first = client.get(f"/api/lessons/tiny/{what}")
    assert first.status_code == 200 and first.headers["ETag"]
    second = client.get(f"/api/lessons/tiny/{what}", headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 304 and not second.data


@pytest.mark.parametrize("what", ["text", "outline", "listing", "excerpt"])
@pytest.mark.parametrize("name, status, code", [("nowhere", 404, "unknown_lesson"), ("broken", 500, "lesson_broken"),
                                                ("..%2F..%2Fetc", 404, "not_found")])
def test_a_lesson_that_is_not_there_is_refused_in_json(client, what, name, status, code):
    refused = client.get(f"/api/lessons/{name}/{what}")
    assert refused.status_code == status and refused.json["error"]["code"] == code


def test_the_first_picture_is_there_without_a_connection(client):
    started = boot(client.get("/lesson/tiny"))["start"]
    assert started["position"] == {"step": 0, "phase": 0} and started == client.get("/api/lessons/tiny/snapshot").json
    there = client.get("/api/lessons/tiny/snapshot?at=20.3").json
    assert there["position"] == {"step": 20, "phase": 3} and there["scene"]["exit"]["phase"] == 3
    assert client.get("/api/lessons/tiny/snapshot?at=999999").json["position"]["step"] == 60


@pytest.mark.parametrize("at", ["", "x", "-1", "1.x", "1.2.3", "9" * 30, "٣"])
def test_what_is_no_position_has_no_picture(client, at):
    refused = client.get("/api/lessons/tiny/snapshot", query_string={"at": at})
    assert refused.status_code == 400 and refused.json["error"]["code"] == "bad_arguments"


def test_health_and_metrics(client):
    assert client.get("/healthz").json["ok"] is True
    metrics = client.get("/metrics").text
    assert "vmviz_commands_total" in metrics and "vmviz_sockets" in metrics


def test_health_says_so_when_sessions_cannot_be_read(make, tmp_path):
    client = make()
    client.application.extensions["store"].close()
    assert client.get("/healthz").status_code == 503


# ---- languages

@pytest.mark.parametrize("asked, preferred, lang", [
    ("pt-BR", [], "pt-BR"), ("pt", [], "pt-BR"), ("pt-PT", [], "pt-BR"), ("PT_br", [], "pt-BR"), ("en-GB", [], "en"),
    ("xx", ["pt-BR"], "en"), ("../../x", [], "en"), ("", ["pt-BR", "en"], "pt-BR"), (None, ["fr", "pt"], "pt-BR"),
    (None, ["fr", "de"], "en"), (None, [], "en"), (None, ["*"], "en"), (None, ["x" * 5000], "en"),
])
def test_a_visitor_gets_a_language_that_there_is(asked, preferred, lang):
    assert i18n.choose(asked, preferred) == lang


def test_a_sentence_that_a_language_lacks_is_the_english_one_and_placeholders_are_filled():
    t = i18n.translator("pt-BR")
    assert t("error.unknown_slot", slot="{x}") != "error.unknown_slot"
    assert "{x}" in t("error.unknown_slot", slot="{x}")
    assert t("no.such.key") == "no.such.key"


# ---- pages

@pytest.mark.parametrize("path", ["/", "/about", "/lesson/tiny"])
def test_pages_come_in_the_language_asked_for(client, path):
    english, portuguese = client.get(path), client.get(path + "?lang=pt-BR")
    assert english.status_code == portuguese.status_code == 200
    assert '<html lang="en"' in english.text and '<html lang="pt-BR"' in portuguese.text
    assert client.get(path, headers={"Accept-Language": "pt;q=0.9, en;q=0.1"}).headers["Content-Language"] == "pt-BR"
    assert '<html lang="en"' in client.get(path + "?lang=klingon", headers={"Accept-Language": "pt"}).text


def test_a_lesson_page_starts_with_its_text_and_outline_and_no_text_ends_the_script_element(client):
    page = client.get("/lesson/tiny?lang=pt-BR&theme=dark")
    started = boot(page)
    assert started["lesson"] == "tiny" and started["lang"] == "pt-BR" and started["theme"] == "dark"
    assert started["text"]["title"] == "</script><b>&" and started["outline"]["length"] == 60
    assert started["prefix"] == ""


@pytest.mark.parametrize("path, status", [("/lesson/nowhere", 404), ("/lesson/broken", 500), ("/nothing", 404),
                                          ("/lesson/%00", 404), ("/static/../app.py", 404)])
def test_what_is_not_there_is_said_in_the_visitors_language(client, path, status):
    english, portuguese = client.get(path), client.get(path + "?lang=pt-BR")
    assert english.status_code == portuguese.status_code == status
    assert english.text != portuguese.text and '<html lang="pt-BR"' in portuguese.text


@pytest.mark.parametrize("path", ["/", "/lesson/tiny", "/about", "/nothing"])
def test_no_page_has_script_or_style_in_line(client, path):
    page = client.get(path).text
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert all('type="application/json"' in tag or "src=" in tag for tag in re.findall(r"<script[^>]*>", page))


@pytest.mark.parametrize("path", ["/", "/lesson/tiny", "/nothing", "/api/lessons", "/healthz", "/metrics"])
def test_every_answer_has_the_security_headers(client, path):
    headers = client.get(path, headers={"Host": "vmviz.example:8080"}).headers
    csp = headers["Content-Security-Policy"]
    assert "default-src 'none'" in csp and "unsafe" not in csp and "frame-ancestors 'none'" in csp
    assert "wss://vmviz.example:8080" in csp
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("host", ["a; script-src *", "a b", "<x>", "", "a,b"])
def test_a_host_that_is_none_gets_nothing_into_the_policy(host):
    assert "connect-src 'self';" in policy(host)


def test_below_a_prefix_and_behind_a_proxy(make):
    client = make(prefix="/vmviz", proxies=1)
    for path in ("/vmviz/", "/"):  # a proxy may pass the prefix on or strip it
        page = client.get(path, headers={"X-Forwarded-Host": "school.example", "X-Forwarded-Proto": "https"})
        assert 'href="/vmviz/static/dist/' in page.text
        assert 'href="/vmviz/lesson/tiny' in page.text
        assert "wss://school.example" in page.headers["Content-Security-Policy"]
    assert boot(client.get("/vmviz/lesson/tiny"))["prefix"] == "/vmviz"
    assert client.get("/vmvizard").status_code == 404


def test_without_proxies_nobody_is_believed(client):
    page = client.get("/", headers={"X-Forwarded-Host": "evil.example"})
    assert "evil.example" not in page.headers["Content-Security-Policy"]
