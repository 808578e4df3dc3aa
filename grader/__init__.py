"""The grader: it looks at a running stack and says which production checks pass, and why the others fail."""

__version__ = "0.1.0"
