"""app.py as it is, over the lessons of fake.py: the server under test, started as a process of its own."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import app  # patches for the async mode before anything else is imported
from tests.web.fake import FakeShelf

if __name__ == "__main__":
    app.main(FakeShelf())
