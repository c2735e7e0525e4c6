"""docs/protocol.md says what the code says: events, commands, errors."""

from __future__ import annotations

import re
from pathlib import Path

from vmviz.events import EVENT_TYPES, wire_fields
from vmviz.web.commands import COMMANDS

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()
SOURCES = [path.read_text() for path in (Path(__file__).parents[2] / "vmviz" / "web").glob("*.py")]


def table(title):
    """The rows below a heading: first column without backticks, the rest as it stands."""
    part = re.split(r"^#+ ", PAGE.split(f"# {title}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in part.splitlines() if line.startswith("| `")]
    return {row[0].strip().strip("`"): " | ".join(cell.strip() for cell in row[1:]) for row in rows}


def test_every_event_is_listed_with_its_fields():
    listed = table("Events")
    assert list(listed) == list(EVENT_TYPES)
    for name, event_type in EVENT_TYPES.items():
        fields = re.sub(r": \[\{.*?\}\]|: [^,`]*", "", re.search(r"`(.*?)`", listed[name])[1])
        assert [field.strip(" ?") for field in fields.split(",")] == list(wire_fields(event_type)), name
        for field in event_type.__struct_fields__:
            told = wire_fields(event_type)[event_type.__struct_fields__.index(field)]
            optional = "None" in str(event_type.__annotations__.get(field, ""))
            assert (f"{told}?" in listed[name]) == optional, f"{name}.{told}"


def test_every_command_is_listed():
    assert set(table("Commands")) == set(COMMANDS)


def test_every_error_that_is_raised_is_listed_and_no_other():
    raised = {code for source in SOURCES
              for code in re.findall(r'(?:ProtocolError\(|code = |_refused\()"([a-z_]+)"', source)} - {"ok"}
    assert raised == set(table("Errors"))


def test_every_event_of_the_server_is_listed():
    sent = {name for source in SOURCES for name in re.findall(r'\.send\("([a-z]+)"', source)}
    assert sent | {"recording"} == set(table("From the server"))
