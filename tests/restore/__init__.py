"""The grader is killed in the middle of every disturbing probe; `grader repair` puts the stack back as it was."""
