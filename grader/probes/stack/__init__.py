"""The stack as a whole: that it is up, stays up, can be reached, and is left as it was found."""
