"""What builds, checks and measures vmviz. Standard library only where it runs before `make setup` has.

`programs` finds node, Chromium, nasm and bochs; `bundle` makes static/dist; `bootstrap` makes .venv and
calls it. Nothing of the product lives here.
"""
