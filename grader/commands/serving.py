"""The pages of the course, live: serve."""

from __future__ import annotations

import click


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
def serve(port: int) -> None:
    """Serves the built site, with your checks live on its pages. Only this machine reaches it; Ctrl-C ends it."""
    from grader import site
    from grader.catalog import root
    from grader.serving import server

    click.echo(server.built(site.FOLDER, root()), nl=False, err=True)
    own = server.listening(port)
    address = f"http://{server.ADDRESS}:{own.getsockname()[1]}/"
    server.Server(own, lambda: click.echo(f"The course, with live checks: {address}\nCtrl-C ends it.")).run()
