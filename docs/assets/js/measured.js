// Written by `grader docs` from the recordings. Change those, not this file.
export const MEASURED = {
  "timeout": 10,
  "overhead": 0.028,
  "boot": 0.15,
  "memory": {
    "arbiter": 10.4,
    "worker": 19.7
  }
};
