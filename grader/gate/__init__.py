"""`grader dev check`: every check has been seen to pass, and to fail on a real stack that is broken."""
