"""The proof table, docs/proof.md: what is modelled, and which programs show it on vmviz and on Bochs.

coverage.py runs the programs and gathers what they do; reasons.py says why something cannot be shown; page.py writes it
down.
"""
