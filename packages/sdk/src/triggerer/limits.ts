/** Limits of triggerers. Times are milliseconds, sizes bytes. */

/** Requests, and looks at files, at a time; others wait in line. */
export const httpAtOnceMax = 100;
export const filesAtOnceMax = 16;
/** How long a request may take, its body and redirects included. */
export const httpTimeoutMs = 30_000;
/** Of the body of an answer that ends a wait. */
export const httpBodyBytesMax = 256 * 1024;
/** How many times in a row an answer may point elsewhere. */
export const httpRedirectsMax = 5;
/** The longest that an answer's `retry-after` puts off the next look. */
export const retryAfterMaxMs = 60 * 60_000;
/** How much of a look's interval chance takes or adds, as a part of it: many waits that begin at once drift apart. */
export const intervalJitter = 0.1;
/** Of the first interval chance takes up to this part: waits that came together do not look together again. */
export const firstIntervalJitter = 0.5;
/** Bytes of what a watcher of an asset says of one event, of all events that it reports at once, and of its cursor. */
export const assetEventBytesMax = 64 * 1024;
export const assetEventsBytesMax = 192 * 1024;
export const assetCursorBytesMax = 32 * 1024;
/** Events that it reports at once. */
export const assetEventsMax = 100;
/** A watcher whose function brings the same again is called no sooner. */
export const sameEventRestMs = 5_000;
/** Waits at a time, unless it is started with another number. */
export const defaultTriggerSlots = 10_000;
