"""Renderers: a report in, text out."""

# The ending of a file's name, and the form of the report that it stands for.
ENDINGS = {".txt": "terminal", ".json": "json", ".xml": "junit", ".html": "html", ".md": "markdown"}
FORMS = tuple(ENDINGS.values())
