"""The reference, the glossary and the search: pages of the server that say what vmviz.spec says, in the visitor's
words.

Nothing is written twice: tables come from vmviz.spec, explanations from languages/reference, the words of cells of the
tables in other languages from languages/tables, the places where something really happens from the recordings. Only
`routes` knows Flask; the other modules make plain values of them that the templates show.
"""
