/** What a server of ours takes in at most. */
export const serviceLimits = {
  /** A request message, after decompression. */
  messageBytesMax: 4 * 1024 * 1024,
  /** A request message of a method that brings code or many DAGs. */
  bigMessageBytesMax: 36 * 1024 * 1024,
  /** Methods that may be as long as `bigMessageBytesMax`. */
  bigMethods: new Set([
    "millrace.v1.DagService/UploadBundle",
    "millrace.v1.DagService/RegisterDags",
  ]) as ReadonlySet<string>,
  /** A request's metadata or header block. */
  headerBytesMax: 16 * 1024,
  /** From the first byte of an HTTP request to the end of its headers. */
  headersTimeoutMs: 10_000,
  /** From the first byte of an HTTP request to the end of its body. */
  requestTimeoutMs: 60_000,
  /** Concurrent calls over one gRPC connection. */
  streamsPerConnectionMax: 1_000,
  /** How long a stopping server waits for calls in flight. */
  drainMs: 5_000,
  /** How often a stopping HTTP server looks for connections that have fallen idle. */
  idleCheckMs: 50,
  /** Messages that a slow reader of a stream may leave unread in this process. */
  outboxMessagesMax: 10_000,
} as const;

/** The most bytes a request of this method may have; `method` is `package.Service/Method`. */
export function messageBytesMaxOf(method: string): number {
  return serviceLimits.bigMethods.has(method)
    ? serviceLimits.bigMessageBytesMax
    : serviceLimits.messageBytesMax;
}
