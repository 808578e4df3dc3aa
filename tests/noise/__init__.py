"""Whole runs on a machine whose cores are all busy: a good stack is never red, and a bad one never green."""
