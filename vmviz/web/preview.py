"""What pages need besides where a lesson is previewed: its state, to be asked for again and again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for

from vmviz.web.api import answer
from vmviz.web.outside_lessons import OutsideLessons
from vmviz.web.wire import encode


def blueprint(lessons: OutsideLessons) -> Blueprint:
    """The route of the state, and what the templates show it with; `lessons` has the one that is previewed."""
    preview = Blueprint("preview", __name__)
    name, = lessons.places()

    @preview.get("/api/preview")
    def state() -> Response:
        """{name, version, said, trouble?}: `said` is what `lesson check` says, a `trouble` what is wrong and where."""
        kept = lessons.state(name)
        wrong = kept.tried.trouble
        return answer(encode({"name": name, "version": kept.version, "said": kept.tried.said,
                              **({"trouble": str(wrong.error())} if wrong else {})}))

    @preview.app_context_processor
    def shown() -> dict[str, Any]:
        return {"preview": {"from": url_for("preview.state"), "version": lessons.state(name).version}}

    return preview
