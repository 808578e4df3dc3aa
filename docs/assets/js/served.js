// Whether `grader serve` serves these pages: it answers with true in the place of this file.
export const served = false;
