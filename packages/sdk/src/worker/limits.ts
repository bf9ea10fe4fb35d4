/** Limits of the worker. Times are milliseconds, sizes are bytes of UTF-8 unless the name says otherwise. */

/** Of an attempt's log as it is sent: further lines are counted and left out. A little less than what servers take. */
export const logBytesMax = 10 * 1024 * 1024 - 128 * 1024;
export const logLinesMax = 200_000;
/** What a line takes besides its text, at most. */
export const logLineOverheadBytes = 40;
/** Of one line; longer ones are cut and end in "…". */
export const logLineBytesMax = 16 * 1024;
/** Of one AppendLog. */
export const logChunkLinesMax = 1000;
export const logChunkBytesMax = 1024 * 1024;
/** How long lines are gathered before they are sent. */
export const logFlushMs = 100;
/** How many times in that while lines leave their thread one by one. */
export const logAtOnceMax = 50;
/** Lines of all attempts of a worker that wait to be stored; beyond it, lines are left out. */
export const logBufferedBytesMax = 128 * 1024 * 1024;
/** How long a result waits for the rest of its log. */
export const logBeforeResultMs = 10_000;
/** How long lines of an ended attempt are kept while they cannot be sent. */
export const logKeptMs = 10 * 60_000;

/** How long a callback may take, unless the server says otherwise. */
export const callbackTimeoutMs = 10 * 60_000;

/** Of the answer to a call. */
export const answerBytesMax = 64 * 1024;

/** Of a failure. */
export const failureMessageBytesMax = 4 * 1024;
export const failureStackBytesMax = 16 * 1024;

/** Of one Results message. */
export const resultsMax = 1000;
export const resultsBytesMax = 2 * 1024 * 1024;
/** Results without a verdict; beyond it no more work is asked for. */
export const unreportedMax = 10_000;
/** Attempts that have ended and are remembered; at least `unreportedMax`. */
export const endedKeptMax = 20_000;
/** How long a result is kept while nobody takes it. */
export const resultKeptMs = 24 * 60 * 60_000;
/** How long the server may take for a verdict before the result is sent again on the same stream. */
export const verdictWaitMs = 30_000;

/** Of all further values an attempt leaves. */
export const xcomsBytesMax = 64 * 1024 * 1024;
/** Of the values that go with a result: what is more is stored elsewhere, the largest first. */
export const inlineBytesMax = 1024 * 1024;
/** Of one piece of a value that is stored elsewhere. */
export const blobPieceBytes = 256 * 1024;
/** Values that are sent to the store at a time, and that are fetched. */
export const uploadsMax = 2;
export const blobDownloadsMax = 4;
/** Of fetched values that are kept for others that want them; at least the largest value. */
export const blobCacheBytesMax = 128 * 1024 * 1024;
/** Of all stored values that one attempt is given. */
export const fetchedBytesMax = 256 * 1024 * 1024;
/** How long a value is tried to be fetched while the server cannot be reached; to be stored, as long as results are kept. */
export const blobPatienceMs = 120_000;
/** How often either is tried while the store is out of order. */
export const blobStoreTriesMax = 5;

/** Of one message in either direction. */
export const messageBytesMax = 64 * 1024 * 1024;
/** How long a call may take. */
export const callTimeoutMs = 10_000;
export const downloadTimeoutMs = 120_000;
/** How long what a body asks for is asked for while the server cannot be reached. */
export const askPatienceMs = 60_000;
/** How long one stored value may take in either direction. */
export const transferTimeoutMs = 120_000;
export const keepaliveMs = 30_000;

/** Reconnecting: a random time up to the first value, doubling up to the second. */
export const reconnectFirstMs = 2_000;
export const reconnectMaxMs = 30_000;

/** An execution thread whose event loop stands still for so long gets no more work. */
export const blockedMs = 1_000;
/** How often a thread shows that its event loop turns, and how often that is looked at. */
export const beatMs = 200;
/** How long a thread may take to start before it counts as broken. */
export const threadStartMs = 30_000;
/** How long a body may go on that has exited, or thrown where nobody awaits it. */
export const brokenGraceMs = 1_000;
/** How long a body may go on that was told to stop, unless the worker is started with another time. */
export const defaultGraceMs = 10_000;
/** How long bodies may go on when the worker stops, unless told otherwise. */
export const defaultDrainMs = 30_000;
/** How long a worker that stops waits for the verdicts on its last results. */
export const lastVerdictsMs = 3_000;
/** How long the session of a start that was given up may take to be closed. */
export const abortedStartMs = 3_000;
/** How long ending a session may take. */
export const closeTimeoutMs = 2_000;
/**
 * Memory of young objects, MiB, three times what V8 calls a semi-space. Its own choice on a big machine, several times as
 * much for each thread, is no faster here.
 */
export const sessionYoungMb = 24;
export const threadYoungMb = 48;
/** How often threads and waiting work are looked after. */
export const watchMs = 250;
/** Threads above the usual number are ended after being idle for so long. */
export const spareIdleMs = 10_000;
/** A thread that has loaded so many bundles is replaced: modules cannot be unloaded. */
export const bundlesPerThreadMax = 30;

/** Tasks that take less on average are fetched ahead of a free slot. */
export const shortTaskMs = 10;
/** How many are fetched ahead then, as a multiple of the slots. */
export const prefetchFactor = 2;
/** An assignment that waits for a slot so long is given back. */
export const waitingMaxMs = 2_000;

export const slotsMax = 10_000;
export const nameCharsMax = 200;
