"""The pages: home, a lesson, about, and what is said when something is not there.

Templates get `t` (a sentence by key), `lang` and its `direction`, `languages`, `theme`, `asset` (address of a built
file), `chunks` (what the page needs besides), `fonts`, `link` (address of a page that keeps language and theme),
`here` (marks the link to the page itself), `remembered` (language and theme, for forms) and `boot`, the JSON that the
page's script starts from. `boot` goes into
`<script type="application/json" id="vmviz-boot">`: data, not code, and escaped so that no text can end the element.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from flask import Blueprint, Flask, Response, make_response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, InternalServerError

from vmviz.errors import LessonError
from vmviz.recording.positions import START
from vmviz.web import course_map, i18n
from vmviz.web.course_map import needed
from vmviz.web.excerpt import lesson_to_show
from vmviz.web.frame_code import frame_code
from vmviz.web.frames import Frames
from vmviz.web.reference import marks
from vmviz.web.security import shared
from vmviz.web.seeds import seed_in, variant_of
from vmviz.web.settings import Settings
from vmviz.web.shelf import Shelf
from vmviz.web.teaching import questions
from vmviz.web.wire import dumps

THEMES = ("auto", "light", "dark", "contrast")
log = logging.getLogger(__name__)


Show = Callable[..., Response]


def shower(settings: Settings, static: Path) -> Show:
    """`show(template, status=200, boot={}, **values)`: a page in the visitor's language and theme."""
    def show(template: str, **values: Any) -> Response:
        lang, theme = visitor()
        boot = {"lang": lang, "theme": theme, "prefix": settings.prefix, **values.pop("boot", {})}
        page = render_template(template, t=i18n.translator(lang), lang=lang, languages=i18n.languages(),
                               direction=i18n.language(lang).direction, theme=theme,
                               asset=assets(static), chunks=chunks(static), fonts=fonts(static),
                               link=linker(lang, theme), here=here, in_language=lambda said: i18n.of(said, lang),
                               remembered=remembered(lang, theme),
                               boot=in_script(boot), **values)
        response = make_response(page, values.get("status", 200))
        response.headers["Content-Language"] = lang
        response.headers["Vary"] = "Accept-Language"
        response.headers["Cache-Control"] = "no-cache"
        return response

    return show


def lesson_values(shelf: Shelf, frames: Frames, name: str) -> dict[str, Any]:
    """What the page of a lesson shows and starts from; KeyError for no such lesson, LessonError for a broken one."""
    lang = visitor()[0]
    variants = shelf.variants(name)
    seed = seed_in(request.args.get("seed"))
    variant = variant_of(seed, variants)
    text, entry, recorded = shelf.text(name, lang, variant), shelf.entry(name), shelf.recording(name, variant)
    outline = frames.outline(recorded)
    boot = {"lesson": name, "seed": seed, "variant": variant, "variants": variants, "text": text,
            "outline": outline, "marks": marks(text["lang"]), "start": frames.snapshot(recorded, START)}
    kept = {**({"seed": seed} if seed else {}), **({"drive": 1} if request.args.get("drive") == "1" else {})}
    return {"lesson": entry, "text": text, "boot": boot, "kept": kept,
            "kept_as": f"{name}?{variant}" if variant else name, "first": first_words(text, outline)}


class _Stop(msgspec.Struct):
    id: str
    step: int
    phase: int = 0


class _Stops(msgspec.Struct):
    """What is read of an outline."""

    stops: list[_Stop]


def first_words(text: dict[str, Any], outline: msgspec.Raw) -> dict[str, str] | None:
    """The words of the stop at which the lesson begins, where there is one: the page shows them before its script."""
    words: dict[str, dict[str, str]] = text["stops"]
    stops = msgspec.json.decode(outline, type=_Stops).stops
    return next((words.get(stop.id) for stop in stops if (stop.step, stop.phase) == START), None)


def blueprint(shelf: Shelf, frames: Frames, settings: Settings, static: Path,
              more: Sequence[Callable[[Blueprint, Show, Shelf], None]] = ()) -> Blueprint:
    """The routes of the pages; each of `more` puts some of its own on the blueprint."""
    pages = Blueprint("pages", __name__)
    show = shower(settings, static)
    for add in more:
        add(pages, show, shelf)

    @pages.get("/")
    def home() -> Response:
        lang, theme = visitor()
        entries = listed(shelf.names())
        return show("home.html", parts=course_map.parts(entries), needed=lambda entry: needed(entry, entries),
                    first=next(iter(course_map.in_order(entries)), None),
                    boot=course_map.boot(entries, lang, linker(lang, theme), assets(static), lesson_to_show(shelf)))

    @pages.get("/lesson/<name>")
    def lesson(name: str) -> Response:
        try:
            values = lesson_values(shelf, frames, name)
            lang, theme = visitor()
            values["boot"]["onward"] = course_map.onward(name, shelf, lang, linker(lang, theme))
            return show("lesson.html", **values, oembed=url_for("embedding.oembed", url=request.url, _external=True))
        except KeyError:
            return problem(404, "unknown_lesson", lesson=name)
        except LessonError as error:
            log.error("a lesson does not do what it says: %s", error)
            return problem(500, "lesson_broken", lesson=name)

    @pages.get("/teach/<name>")
    def teach(name: str) -> Response:
        lang = visitor()[0]
        try:
            variants = shelf.variants(name)
            variant = variant_of(seed_in(request.args.get("seed")), variants)
            entry, text, recorded = shelf.entry(name), shelf.text(name, lang, variant), shelf.recording(name, variant)
            seed: dict[str, Any] = {"seed": variant} if variant else {}
            return show("teach.html", lesson=entry, text=text, variant=variant, variants=variants, kept=seed,
                        needed=listed([each for each in entry["prerequisites"] if each in shelf.names()]),
                        teaching=shelf.teaching(name, lang), stops=recorded.outline()["stops"],
                        questions=questions(recorded, text, lang, i18n.translator(lang)),
                        address=lambda page, name, **more: url_for(f"pages.{page}", name=name, lang=lang,
                                                                   _external=True, **more),
                        code=frame_code(url_for("embedding.embed", name=name, lang=lang, _external=True, **seed),
                                        text["title"]))
        except KeyError:
            return problem(404, "unknown_lesson", lesson=name)
        except LessonError as error:
            log.error("a lesson does not do what it says: %s", error)
            return problem(500, "lesson_broken", lesson=name)

    def listed(names: Sequence[str]) -> list[dict[str, Any]]:
        """Those of some lessons that are in order."""
        entries = []
        for name in names:
            try:
                entries.append(shelf.card(name))
            except LessonError as error:
                log.error("lesson %s is not shown: %s", name, error)
        return entries

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


def remembered(lang: str, theme: str) -> dict[str, str]:
    """What of language and theme the address had, so that the next one has it too."""
    return {key: value for key, value in (("lang", lang), ("theme", theme)) if key in request.args}


def linker(lang: str, theme: str) -> Callable[..., str]:
    """`link(endpoint, **values)`: the address of a page; language and theme stay when the address had them."""
    kept: dict[str, Any] = remembered(lang, theme)

    def link(endpoint: str, **values: Any) -> str:
        return url_for(f"pages.{endpoint}", **kept, **values)

    return link


def here(endpoint: str) -> Markup:
    """The attribute of a link in the header that leads to this page, or to the one above it."""
    at = (request.endpoint or "").removeprefix("pages.")
    current = "page" if at == endpoint else "true" if at.startswith(f"{endpoint}_") else ""
    return Markup(' aria-current="{}"').format(current) if current else Markup("")


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


def chunks(static: Path) -> Callable[[str], list[str]]:
    """`chunks(name)`: the addresses of the files that a script of static/dist needs at once, to be asked for early."""
    try:
        needed = json.loads((static / "dist" / "imports.json").read_text())
    except (OSError, ValueError):
        needed = {}
    return lambda name: [url_for("static", filename=f"dist/{chunk}") for chunk in needed.get(name, ())]


def fonts(static: Path) -> Callable[[str], list[str]]:
    """`fonts(name)`: the address of the font whose file begins so, as the style sheet asks for it."""
    try:
        built = json.loads((static / "dist" / "manifest.json").read_text())
    except (OSError, ValueError):
        built = {}
    return lambda name: [url_for("static", filename=f"dist/{file}") for file in built
                         if file.startswith(f"fonts/{name}")]


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
        if request.endpoint in ("static", "built") and response.status_code in (200, 304):
            hashed = "v" in request.args or re.match(r"/static/dist/(chunks|fonts)/", request.path)
            kept = "public, max-age=31536000, immutable" if hashed else "no-cache"
            response.headers["Cache-Control"] = kept
            shared(response)        # a sandboxed frame of ours asks for its script and fonts as a stranger
        return response
