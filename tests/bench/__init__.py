"""`make bench`: speeds and sizes, reported and never asserted.

`python -m tests.bench [recording] [web] [programs] [page]` makes a part of them.
"""
