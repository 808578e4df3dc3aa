"""`make bench`: one table, our times beside those of what a user would pick instead, on the same stack in one run."""
