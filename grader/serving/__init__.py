"""`grader serve`: the built site, and what checks say while they run."""
