grader check --quick --only debugger-off
