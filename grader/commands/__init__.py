"""The commands of the program, a module for each group: arguments and words. The work is done elsewhere."""
