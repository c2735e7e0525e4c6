"""app.py over the real lessons, without building the page's bundle: started as a process of its own."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import app  # patches for the async mode before anything else is imported
from vmviz.web.lesson_shelf import LessonShelf

if __name__ == "__main__":
    app.main(LessonShelf(1 << 26))
