"""Long pages are made once for each language and theme; what differs in the address is not mixed up."""

from __future__ import annotations

from pathlib import Path

from tests.web.fake import FakeShelf
from vmviz.web.application import build
from vmviz.web.settings import Settings


def test_a_page_that_is_kept_is_the_one_that_would_be_made(tmp_path: Path) -> None:
    web = build(Settings(sessions=tmp_path / "s.sqlite"), FakeShelf(), "threading")
    client = web.app.test_client()
    queries = ("", "?lang=pt-BR", "?lang=pt-BR&theme=dark", "?theme=dark", "?lang=en")
    first = {query: client.get(f"/reference/bits{query}") for query in queries}
    again = {query: client.get(f"/reference/bits{query}") for query in queries}
    for query in queries:
        assert first[query].data == again[query].data
        assert again[query].headers["Content-Language"] == ("pt-BR" if "pt-BR" in query else "en")
        assert again[query].headers["Content-Security-Policy"] and again[query].mimetype == "text/html"
    assert len({answer.data for answer in first.values()}) == len(queries)
    assert client.get("/reference/bits", headers={"Accept-Language": "es"}).headers["Content-Language"] == "es"
    web.store.close()


def test_a_kept_page_is_compressed_for_who_takes_that(tmp_path: Path) -> None:
    web = build(Settings(sessions=tmp_path / "s.sqlite"), FakeShelf(), "threading")
    client = web.app.test_client()
    for _ in range(2):
        packed = client.get("/reference/registers", headers={"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip" and len(packed.data) < 8_000
        assert "Content-Encoding" not in client.get("/reference/registers").headers
    web.store.close()
