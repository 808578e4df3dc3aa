"""Names of static files that templates need."""

from pathlib import Path

from flask import Flask


def script_name(static: Path) -> str:
    """The one `app.<hash>.js`: a new content gets a new name, so caches never show an old one."""
    (script,) = static.glob("app.*.js")
    return script.name


def register(app: Flask) -> None:
    """Make the names known to every template."""
    app.jinja_env.globals["script"] = script_name(Path(app.root_path, "static"))
