"""`grader docs`: the parts of the site that come from the code, and from what was run on real stacks."""
