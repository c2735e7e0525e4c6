"""What would not be shown is refused with its line, and what only looks like it is not."""

from __future__ import annotations

import pytest

from vmviz.errors import LessonError
from vmviz.lessons.markup import refuse_unshown


@pytest.mark.parametrize(("words", "said", "line"), [
    ("Fine.\n\n<script>alert(1)</script>\n", "raw HTML", 3),
    ("Fine.\nStill fine\nand <b onclick=x>here</b> not.\n", "raw HTML", 3),
    ("<img src=x onerror=alert(1)>", "raw HTML", 1),
    ("a\n\n> - <svg onload=alert(1)>", "raw HTML", 3),
    ("<!-- a comment -->", "raw HTML", 1),
    ("Words.\n\n![a picture](https://example.org/x.png)", "pictures", 3),
    ("Words.\n[click](javascript:alert(1))", "javascript:", 2),
    ("[click](JaVaScRiPt&#58;alert(1))", "JaVaScRiPt:", 1),
    ("[click](data:text/html,x)", "data:", 1),
    ("[click][x]\n\n[x]: vbscript:x", "vbscript:", 1),
    ("| a |\n|---|\n| <i>x</i> |\n", "raw HTML", 3),
])
def test_what_would_not_be_shown_is_refused(words: str, said: str, line: int) -> None:
    with pytest.raises(LessonError) as caught:
        refuse_unshown(words, "x/text.en.md")
    assert said in caught.value.message and caught.value.line == line and caught.value.remedy


@pytest.mark.parametrize("words", [
    "`<script>` in code, and\n\n```\n<b>\n```\n", "a < b and c > d", "[a page](https://example.org/?a:b)",
    "[a page](/reference#x)", "2 <3", "&lt;b&gt;", "[not a link] (javascript:x)", "write: `![x](y)`",
])
def test_what_is_shown_is_not(words: str) -> None:
    refuse_unshown(words, "x/text.en.md")


def test_a_lesson_with_script_in_its_words_is_refused(sketch, line_of) -> None:
    sketch.change("text.pt-BR.md", "## Dentro", "<script>alert(1)</script>\n\n## Dentro")
    with pytest.raises(LessonError, match="raw HTML") as caught:
        sketch.load()
    assert caught.value.file == "sketch/text.pt-BR.md"
    assert caught.value.line == line_of(sketch.folder / "text.pt-BR.md", "<script>")
