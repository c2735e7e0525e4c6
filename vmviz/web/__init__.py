"""The way to the screen: pages, the JSON API, the socket, sessions, languages and security headers.

The only package that knows Flask. It moves positions of recordings and sends what `vmviz.recording` says is there;
it computes nothing about processors and writes no sentences (those are in languages/, for the page to choose).
`build` in application.py puts the parts together; app.py chooses the async mode and serves.
"""
