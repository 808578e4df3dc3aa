"""Questions put to a running stack: frozen data that brings back frozen evidence."""
