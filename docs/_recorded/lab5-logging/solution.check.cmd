grader check --quick
