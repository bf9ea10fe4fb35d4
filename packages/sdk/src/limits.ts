/** Limits of values, in one place; `docs/codec.md` repeats them. */

/** Bytes of one encoded value, or of a task's whole argument expression. */
export const valueBytesMax = 256 * 1024;

/** Arrays, objects, maps and sets inside each other. */
export const valueDepthMax = 100;

/** Values that one attempt may leave with `context().xcom.push`. */
export const xcomsMax = 100;
