/** Limits of values, in one place; `docs/codec.md` repeats them. */

/** Bytes of one encoded value, or of a task's whole argument expression. */
export const valueBytesMax = 256 * 1024;

/** Bytes of a value that is stored elsewhere, with a reference in its place: what tasks return and leave. */
export const blobBytesMax = 64 * 1024 * 1024;

/** Arrays, objects, maps and sets inside each other. */
export const valueDepthMax = 100;

/** Values that one attempt may leave with `context().xcom.push`. */
export const xcomsMax = 100;

/** How often something may be looked at on behalf of a task that waits: not more often than this, in milliseconds. */
export const triggerIntervalMinMs = 1000;

/** Characters of what a person is asked, and of what is waited for, in a line. */
export const waitTextCharsMax = 250;

/** Of a form: bytes of its text, bytes of its schema, and how many may be named to answer it. */
export const formBodyBytesMax = 16 * 1024;
export const formSchemaBytesMax = 64 * 1024;
export const formAssigneesMax = 100;

/** Characters of the name of a custom trigger: with "trigger/" before it, it is the name of a handler. */
export const triggerNameCharsMax = 192;
/** Characters of the name of a target that are kept. */
export const targetNameCharsMax = 250;

/** Characters of the key of one. */
export const xcomKeyCharsMax = 512;
/** Tasks whose values one `context().xcom.pull` may ask for. */
export const pulledTasksMax = 1000;
