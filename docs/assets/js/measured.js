// Written by `grader docs` from the recordings. Change those, not this file.
export const MEASURED = {
  "timeout": 10,
  "overhead": 0.0035,
  "boot": 0.1,
  "memory": {
    "arbiter": 14.4,
    "worker": 23.6
  }
};
