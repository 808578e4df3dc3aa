grader check --yes
