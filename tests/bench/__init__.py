"""`make bench`: speeds and sizes, reported and never asserted.

`python -m tests.bench [recording] [web] [page]` makes a part of them.
"""
