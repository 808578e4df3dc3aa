grader check
