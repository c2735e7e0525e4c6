"""The server with one more event, `echo`, which answers at once with nothing: the floor under a step's round trip.

Run as `python -m tests.bench.echo_server` with the settings of app.py in the environment.
"""

from __future__ import annotations

import app  # patches for the async mode, so it comes first
from vmviz.web.settings import Settings


def main() -> None:
    settings = Settings.from_environment()
    listener = app.listen(settings.host, settings.port)
    web = app.create_web(settings)
    web.io.on("echo")(lambda *_: {"ok": True})
    app.write_sessions_at_the_end(web)
    app.be_quick()
    app.serve(web.app, listener, settings)


if __name__ == "__main__":
    main()
