/** Limits of compiling a DAG folder. */

/** DAG files in one folder. */
export const filesMax = 2_000;
/** Bytes of one DAG file; its text is kept with every version. */
export const sourceBytesMax = 1024 * 1024;
/** Bytes of a bundle, gzip. */
export const bundleBytesMax = 32 * 1024 * 1024;
/** Bytes of a bundle, unpacked: what a worker is willing to load. */
export const bundleTextBytesMax = 256 * 1024 * 1024;
/** Characters of one import error. */
export const messageCharsMax = 8_000;
/** Files checked alone at a time, once the folder as a whole has failed. */
export const aloneConcurrency = 4;
/** How long a file may take to load, unless told otherwise. */
export const defaultTimeoutMs = 10_000;
/** How long a folder must be quiet before it is compiled again. */
export const watchQuietMs = 150;
/** Begins the names of temporary folders that modules are loaded from. */
export const bundleDirPrefix = "millrace-bundle-";
/** How long the server may take for one upload or registration. */
export const registerTimeoutMs = 60_000;
