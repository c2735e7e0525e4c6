"""The lesson in another site's page: /embed, oEmbed, and the two scripts for the pages that hold the frame.

`/embed/NAME` is the one page that others may frame (settings.embed_origins says who); it is never rewritten and keeps
nothing in the browser. What it says to the page around it, and what it listens to, is in docs/embedding.md.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from flask import Blueprint, Response, request, send_from_directory, url_for

from vmviz.errors import LessonError
from vmviz.web import i18n
from vmviz.web.api import answer, refused
from vmviz.web.frame_code import HEIGHT, WIDTH, frame_code
from vmviz.web.frames import Frames
from vmviz.web.pages import THEMES, lesson_values, shower
from vmviz.web.security import framed, shared
from vmviz.web.seeds import seed_in
from vmviz.web.settings import Settings
from vmviz.web.shelf import Shelf
from vmviz.web.wire import encode, shown

CONTROLS: Final = ("full", "min", "none")
SMALLEST, LARGEST = 240, 4_000
SCRIPTS: Final = {"resizer.js": "resizer.js", "element.js": "element.js"}
_OURS: Final = re.compile(r"/(?:lesson|embed)/([^/]+)/?")
log = logging.getLogger(__name__)


def blueprint(shelf: Shelf, frames: Frames, settings: Settings, static: Path) -> Blueprint:
    """The routes for other sites."""
    embedding = Blueprint("embedding", __name__)
    show = shower(settings, static)

    @embedding.get("/embed/<name>")
    def embed(name: str) -> Response:
        controls = request.args.get("controls")
        values: dict[str, Any] = {"controls": controls if controls in CONTROLS else CONTROLS[0]}
        try:
            values |= lesson_values(shelf, frames, name)
            values["boot"] |= {"embed": {"controls": values["controls"], "origins": list(settings.embed_origins)}}
            page = show("embed.html", **values)
        except KeyError:
            page = show("embed_error.html", status=404, code="unknown_lesson", params={"lesson": name})
        except LessonError as error:
            log.error("a lesson does not do what it says: %s", error)
            page = show("embed_error.html", status=500, code="lesson_broken", params={"lesson": name})
        return framed(page, settings.embed_origins)

    def script(name: str) -> Response:
        response = send_from_directory(static / "dist", SCRIPTS[name])
        response.headers["Cache-Control"] = "public, max-age=3600"
        return shared(response)

    for file in SCRIPTS:
        embedding.add_url_rule(f"/embed/{file}", f"script_{file.removesuffix('.js')}", script, defaults={"name": file})

    @embedding.get("/oembed")
    def oembed() -> Response:
        """oEmbed 1.0, type rich (oembed.com)."""
        if request.args.get("format", "json") != "json":
            return shared(refused(501, "not_available", "Only JSON is offered.", what="format"))
        found = named_lesson(request.args.get("url", ""), settings.prefix)
        if found is None:
            return shared(refused(404, "not_found", "That address is no lesson of this server."))
        name, query, fragment = found
        lang = i18n.choose(query.get("lang"), request.accept_languages.values())
        try:
            title = shelf.text(name, lang)["title"]
        except (KeyError, LessonError):
            return shared(refused(404, "unknown_lesson", "There is no lesson of that name.", lesson=shown(name)))
        width, height = (size(request.args.get(key), default) for key, default in
                         (("maxwidth", WIDTH), ("maxheight", HEIGHT)))
        kept = {key: query[key] for key, values in (("lang", i18n.available()), ("theme", THEMES),
                                                    ("controls", CONTROLS)) if query.get(key) in values}
        if seed_in(query.get("seed")):
            kept["seed"] = query["seed"]
        if query.get("drive") == "1":
            kept["drive"] = "1"
        source = url_for("embedding.embed", name=name, _external=True)
        source += (f"?{urlencode(kept)}" if kept else "") + (f"#{fragment}" if fragment else "")
        return shared(answer(encode({
            "version": "1.0", "type": "rich", "title": title, "provider_name": "vmviz", "cache_age": 3_600,
            "provider_url": url_for("pages.home", _external=True), "width": width, "height": height,
            "html": frame_code(source, title, width, height)})))

    return embedding


def named_lesson(url: str, prefix: str) -> tuple[str, dict[str, str], str] | None:
    """The lesson that an address of this server names: name, query, fragment (a step or empty); None for another."""
    try:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, max_num_fields=20))
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or parts.netloc != request.host:
        return None
    path = parts.path.removeprefix(prefix)
    found = _OURS.fullmatch(path)
    if not found:
        return None
    step = re.fullmatch(r"step=\d{1,12}(\.\d{1,3})?", parts.fragment)
    return unquote(found[1]), query, parts.fragment if step else ""


def size(asked: str | None, default: int) -> int:
    """A side of the frame: what the host has room for, within reason."""
    if asked is None or not re.fullmatch(r"\d{1,6}", asked):
        return default
    return max(SMALLEST, min(int(asked), default, LARGEST))
