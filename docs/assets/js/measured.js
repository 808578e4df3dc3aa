// Written by `grader docs` from the recordings. Change those, not this file.
export const MEASURED = {
  "timeout": 10,
  "overhead": 0.0046,
  "boot": 0.14,
  "memory": {
    "arbiter": 11.2,
    "worker": 20.4
  }
};
