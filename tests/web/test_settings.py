"""Settings come from the environment, and one that cannot be used is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmviz.errors import VmvizError
from vmviz.web.settings import MIB, Settings


def test_without_an_environment_there_are_defaults(tmp_path):
    settings = Settings.from_environment({"XDG_STATE_HOME": str(tmp_path)})
    assert (settings.host, settings.port, settings.prefix) == ("127.0.0.1", 8000, "")
    assert settings.sessions == tmp_path / "vmviz" / "sessions.sqlite3"


def test_each_setting_is_read():
    settings = Settings.from_environment({
        "HOST": "0.0.0.0", "PORT": "9000", "VMVIZ_PREFIX": "/vmviz/", "VMVIZ_PROXIES": "2",
        "VMVIZ_SESSIONS": "/x/y.sqlite",
        "VMVIZ_SESSION_DAYS": "7", "VMVIZ_MAX_SESSIONS": "10", "VMVIZ_IDLE_MINUTES": "5", "VMVIZ_MAX_CONNECTIONS": "99",
        "VMVIZ_RECORDINGS_MB": "3", "VMVIZ_FRAMES_MB": "2", "VMVIZ_WORKERS": "3", "VMVIZ_WORKER_QUEUE": "0",
        "VMVIZ_WORKER_MB": "300", "VMVIZ_PROGRAM_STEPS": "9", "VMVIZ_PROGRAM_SECONDS": "8", "VMVIZ_PROGRAM_MB": "7",
        "VMVIZ_PROGRAMS_MB": "6",
        "VMVIZ_EMBED_ORIGINS": "https://a.example  https://*.b.example:8443, http://c"})
    assert settings == Settings("0.0.0.0", 9000, "/vmviz", 2, Path("/x/y.sqlite"), 7, 10, 5, 99, 3 * MIB, 2 * MIB,
                                3, 0, 300 * MIB, 9, 8, 7 * MIB, 6 * MIB,
                                embed_origins=("https://a.example", "https://*.b.example:8443", "http://c"))


def test_a_user_without_a_home_to_write_to_still_gets_a_file(tmp_path):
    nowhere = tmp_path / "file"
    nowhere.write_text("")
    assert Settings.from_environment({"XDG_STATE_HOME": str(nowhere)}).sessions.name == "sessions.sqlite3"


@pytest.mark.parametrize("prefix, is_read", [("", ""), ("/", ""), ("vmviz", "/vmviz"), ("/a/b/", "/a/b")])
def test_a_prefix_is_a_path(prefix, is_read):
    assert Settings.from_environment({"VMVIZ_PREFIX": prefix, "VMVIZ_SESSIONS": "x"}).prefix == is_read


@pytest.mark.parametrize("name, value", [
    ("PORT", "-1"), ("PORT", "65536"), ("PORT", "1.5"), ("VMVIZ_PREFIX", "/a/../b"), ("VMVIZ_PREFIX", '/"'),
    ("VMVIZ_FRAMES_MB", "0"), ("VMVIZ_EMBED_ORIGINS", "moodle.example"),
    ("VMVIZ_EMBED_ORIGINS", "https://a; script-src *"), ("VMVIZ_WORKERS", "0"), ("VMVIZ_WORKER_MB", "16"),
    ("VMVIZ_EMBED_ORIGINS", "*"), ("VMVIZ_PROXIES", "all"),
])
def test_a_value_that_cannot_be_used_is_named(name, value):
    with pytest.raises(VmvizError, match=name):
        Settings.from_environment({name: value})
