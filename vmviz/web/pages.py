"""The pages: home, a lesson, about, and what is said when something is not there.

Templates get `t` (a sentence by key), `lang`, `languages`, `theme`, `asset` (address of a built file), `link` (address
of a page that keeps language and theme) and `boot`, the JSON that the page's script starts from. `boot` goes into
`<script type="application/json" id="vmviz-boot">`: data, not code, and escaped so that no text can end the element.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, make_response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, InternalServerError

from vmviz.errors import LessonError
from vmviz.web import i18n
from vmviz.web.frames import Frames
from vmviz.web.settings import Settings
from vmviz.web.shelf import Shelf
from vmviz.web.wire import dumps

THEMES = ("auto", "light", "dark", "contrast")
log = logging.getLogger(__name__)


def blueprint(shelf: Shelf, frames: Frames, settings: Settings, static: Path) -> Blueprint:
    """The routes of the pages."""
    pages = Blueprint("pages", __name__)

    def show(template: str, **values: Any) -> Response:
        lang, theme = visitor()
        boot = {"lang": lang, "theme": theme, "prefix": settings.prefix, **values.pop("boot", {})}
        page = render_template(template, t=i18n.translator(lang), lang=lang, languages=i18n.available(), theme=theme,
                               asset=assets(static), link=linker(lang, theme), boot=in_script(boot), **values)
        response = make_response(page, values.get("status", 200))
        response.headers["Content-Language"] = lang
        response.headers["Vary"] = "Accept-Language"
        response.headers["Cache-Control"] = "no-cache"
        return response

    @pages.get("/")
    def home() -> Response:
        entries = []
        for name in shelf.names():
            try:
                entries.append(shelf.entry(name))
            except LessonError as error:
                log.error("lesson %s is not shown: %s", name, error)
        return show("home.html", lessons=entries, boot={"lessons": entries})

    @pages.get("/lesson/<name>")
    def lesson(name: str) -> Response:
        lang, _ = visitor()
        try:
            text, entry, recorded = shelf.text(name, lang), shelf.entry(name), shelf.recording(name)
        except KeyError:
            return problem(404, "unknown_lesson", lesson=name)
        except LessonError as error:
            log.error("a lesson does not do what it says: %s", error)
            return problem(500, "lesson_broken", lesson=name)
        return show("lesson.html", lesson=entry, text=text,
                    boot={"lesson": name, "text": text, "outline": frames.outline(recorded)})

    @pages.get("/about")
    def about() -> Response:
        return show("about.html")

    def problem(status: int, code: str, **params: str) -> Response:
        return show("error.html", status=status, code=code, params=params, lessons=[
            {"name": name} for name in shelf.names()])

    @pages.app_errorhandler(HTTPException)
    def not_right(error: HTTPException) -> Response:
        status = error.code or 500
        if error.response is not None:
            return error.response  # type: ignore[return-value]
        return problem(status, {404: "not_found", 405: "not_found"}.get(status, "internal"))

    @pages.app_errorhandler(Exception)
    def bug(error: Exception) -> Response:
        log.exception("%s failed", request.path)
        return problem(InternalServerError.code, "internal")

    return pages


def visitor() -> tuple[str, str]:
    """Language and theme of the one who asks."""
    lang = i18n.choose(request.args.get("lang"), request.accept_languages.values())
    theme = request.args.get("theme", "auto")
    return lang, theme if theme in THEMES else "auto"


def linker(lang: str, theme: str) -> Callable[..., str]:
    """`link(endpoint, **values)`: the address of a page; language and theme stay when the address had them."""
    kept: dict[str, Any] = {key: value for key, value in (("lang", lang), ("theme", theme)) if key in request.args}

    def link(endpoint: str, **values: Any) -> str:
        return url_for(f"pages.{endpoint}", **kept, **values)

    return link


def assets(static: Path) -> Callable[[str], str]:
    """`asset(name)`: the address of a file in static/dist, with its content's hash so that it may be kept for good."""
    try:
        hashes = json.loads((static / "dist" / "manifest.json").read_text())
    except (OSError, ValueError):
        hashes = {}

    def asset(name: str) -> str:
        version = {"v": hashes[name]} if name in hashes else {}
        return url_for("static", filename=f"dist/{name}", **version)

    return asset


def in_script(value: Any) -> Markup:
    """JSON that may stand inside a script element."""
    text = dumps(value)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def keep_versioned_files(app: Flask) -> None:
    """What was asked for with its content's hash may be kept for good."""
    @app.after_request
    def headers(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code in (200, 304):
            kept = "public, max-age=31536000, immutable" if "v" in request.args else "no-cache"
            response.headers["Cache-Control"] = kept
        return response


