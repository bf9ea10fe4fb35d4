/** The contract between nodes. `contract.ts` says it as tests; `local.ts` and `nats.ts` keep it. */

/**
 * Messages between nodes. Never trusted for existence, order across subjects or uniqueness: whoever uses it must stay
 * right when every message is lost, and be merely slower.
 *
 * Subscribers and responders of the same node are served in process, so a node works alone while NATS is down.
 * Handlers run after the call that caused them has returned; what they throw is logged and reaches nobody else.
 * Bytes are shared between the handlers of a node: nobody may change them.
 */
export type Bus = {
  readonly nodeId: string;
  /** Tells every subscriber of the subject, once each. Messages over `busLimits.messageBytesMax` throw. */
  publish(subject: string, data: Uint8Array): void;
  /** `pattern` is a subject, in which a part may be `*` (any one part) and the last may be `>` (one part or more). */
  subscribe(pattern: string, handler: MessageHandler): Subscription;
  /**
   * Asks the responder of the subject, this node's own before any other.
   * Rejects with `BusUnavailable` when there is none, it failed, the link broke or `timeoutMs` passed; the request may
   * have been carried out all the same, so only idempotent ones belong here.
   */
  request(subject: string, data: Uint8Array, options: RequestOptions): Promise<Uint8Array>;
  /** Answers requests on a subject. One responder a subject in all nodes together: put the node's id into it. */
  respond(subject: string, handler: RequestHandler): Subscription;
  status(): BusStatus;
  /** Ends all subscriptions and the link. Open requests are rejected. Idempotent. */
  close(): Promise<void>;
};

export type RequestOptions = { readonly timeoutMs: number };
export type MessageHandler = (data: Uint8Array, subject: string) => void;
export type RequestHandler = (data: Uint8Array) => Promise<Uint8Array>;

/** Ends a subscription or a responder. Idempotent. */
export type Subscription = { close(): void };

/** `connected` tells whether other nodes can be reached. A local bus is always connected: there are none. */
export type BusStatus = { readonly kind: "local" | "nats"; readonly connected: boolean };

/** Where a bus writes: any pino logger fits. */
export type BusLog = {
  info(facts: object, event: string): void;
  warn(facts: object, event: string): void;
};

/** A request got no answer: ask again. The one error of `Bus.request`. */
export class BusUnavailable extends Error {
  readonly subject: string;

  constructor(subject: string, why: string, options?: ErrorOptions) {
    super(`No answer on ${subject}: ${why}.`, options);
    this.name = "BusUnavailable";
    this.subject = subject;
  }
}

export const busLimits = {
  /** Longest message or answer. Over NATS, longer ones than the server takes at once travel in parts. */
  messageBytesMax: 64 * 1024 * 1024,
  /** Messages whose parts are being gathered; the oldest is dropped for a new one. */
  gatheringMax: 64,
  /** Requests without an answer yet; further ones are refused. */
  requestsOpenMax: 10_000,
} as const;

export const silentLog: BusLog = { info: () => undefined, warn: () => undefined };

export function assertMessageFits(subject: string, data: Uint8Array): void {
  if (data.byteLength > busLimits.messageBytesMax) {
    throw new RangeError(
      `A message on ${subject} has ${data.byteLength} bytes; the limit is ${busLimits.messageBytesMax}. Send several.`,
    );
  }
}
