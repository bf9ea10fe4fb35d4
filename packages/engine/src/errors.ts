/** The one table of what can be wrong: each reason has a gRPC code and a sentence that `docs/errors.md` repeats. */

export type ReasonInfo = {
  readonly code:
    | "invalid_argument"
    | "not_found"
    | "already_exists"
    | "permission_denied"
    | "unauthenticated"
    | "failed_precondition"
    | "resource_exhausted"
    | "unavailable"
    | "aborted"
    | "internal"
    | "unimplemented"
    | "deadline_exceeded";
  readonly text: string;
};

export const reasons = {
  DAG_INVALID: {
    code: "invalid_argument",
    text: "The DAG breaks a rule; the message names the field, the value and the remedy.",
  },
  DAG_HAS_CYCLE: {
    code: "invalid_argument",
    text: "Tasks of a DAG must not wait for each other in a circle.",
  },
  DAG_NOT_FOUND: { code: "not_found", text: "No DAG has this id." },
  DAG_VERSION_NOT_FOUND: { code: "not_found", text: "The DAG has no such version." },
  DAG_HAS_ACTIVE_RUNS: {
    code: "failed_precondition",
    text: "The DAG has runs that are not final; cancel them first.",
  },
  DAG_INACTIVE: {
    code: "failed_precondition",
    text: "The DAG's file is gone; put it back to run it. Its history stays.",
  },
  POOL_NOT_FOUND: { code: "not_found", text: "There is no such pool." },
  POOL_EXISTS: { code: "already_exists", text: "There is a pool of that name already." },
  POOL_PROTECTED: {
    code: "failed_precondition",
    text: "default_pool cannot be deleted; change its slots instead.",
  },
  RUN_NOT_FOUND: { code: "not_found", text: "No DAG run has this id." },
  TASK_NOT_FOUND: {
    code: "not_found",
    text: "The run's DAG version has no such task, or the task no such map index.",
  },
  LOGICAL_DATE_TAKEN: {
    code: "already_exists",
    text: "Another run of this DAG has this logical date.",
  },
  BACKFILL_NOT_FOUND: { code: "not_found", text: "No backfill has this id." },
  BACKFILL_OPEN: {
    code: "failed_precondition",
    text: "The DAG has a backfill that is not over; wait for it, or cancel it.",
  },
  BACKFILL_IMPOSSIBLE: {
    code: "failed_precondition",
    text: "The DAG's timetable has no dates that could be filled in, or not in this order; the message says why.",
  },
  BACKFILL_TOO_LARGE: {
    code: "invalid_argument",
    text: "The range holds more than 100,000 dates; fill it in by parts.",
  },
  PARAMS_INVALID: {
    code: "invalid_argument",
    text: "The params break the DAG's schema; the message names the field.",
  },
  ASSET_NOT_FOUND: { code: "not_found", text: "No asset has this uri or name." },
  ASSET_PRODUCER_MISSING: {
    code: "failed_precondition",
    text: "No task of an active DAG makes this asset.",
  },
  ASSET_PRODUCER_AMBIGUOUS: {
    code: "failed_precondition",
    text: "Several DAGs make this asset; say which one is to run.",
  },
  CRON_INVALID: {
    code: "invalid_argument",
    text: "The cron expression, or its zone, cannot be read.",
  },
  TIMETABLE_INVALID: {
    code: "invalid_argument",
    text: "The answer of a custom timetable makes no sense; the message says which, and why.",
  },
  VALUE_TOO_LARGE: { code: "invalid_argument", text: "A value is over its limit." },
  VALUE_INVALID: {
    code: "invalid_argument",
    text: "A value cannot be carried, or cannot be read.",
  },
  REQUEST_ID_MISSING: {
    code: "invalid_argument",
    text: "Calls that change something need a request_id of 1 to 200 characters.",
  },
  REQUEST_ID_REUSED: {
    code: "already_exists",
    text: "This request_id was used for another request.",
  },
  FIELD_INVALID: {
    code: "invalid_argument",
    text: "A field of the request has a value that is not allowed.",
  },
  PAGE_TOKEN_INVALID: {
    code: "invalid_argument",
    text: "The page token is not from this list, or the filters have changed.",
  },
  BUNDLE_NOT_FOUND: { code: "not_found", text: "No bundle has this digest; upload it first." },
  BUNDLE_DIGEST_MISMATCH: {
    code: "invalid_argument",
    text: "The digest is not that of the content.",
  },
  BUNDLE_TOO_LARGE: { code: "resource_exhausted", text: "A bundle may have at most 32 MiB." },
  UNAUTHENTICATED: {
    code: "unauthenticated",
    text: "No credential, or one that is unknown, expired or revoked.",
  },
  PERMISSION_DENIED: {
    code: "permission_denied",
    text: "The credential does not allow this call.",
  },
  LOGIN_REFUSED: {
    code: "unauthenticated",
    text: "The login token is unknown, used or expired; make a new one with `millrace up` or the CLI.",
  },
  SESSION_EXPIRED: {
    code: "failed_precondition",
    text: "The worker session has ended; open a new one.",
  },
  QUEUE_NOT_ALLOWED: {
    code: "permission_denied",
    text: "The worker key is limited to other queues.",
  },
  PROTOCOL_UNSUPPORTED: {
    code: "failed_precondition",
    text: "The server does not speak this version of the worker protocol.",
  },
  INPUT_INVALID: {
    code: "invalid_argument",
    text: "The answer breaks the form's schema; the message names the field.",
  },
  INPUT_NOT_AWAITED: {
    code: "failed_precondition",
    text: "The task asks nothing: it was answered, timed out, or waits for something else.",
  },
  INPUT_NOT_YOURS: {
    code: "permission_denied",
    text: "The form names who may answer, and this caller is not among them.",
  },
  TASK_TOKEN_INVALID: {
    code: "unauthenticated",
    text: "This is no task token of this installation.",
  },
  TASK_TOKEN_USED: {
    code: "failed_precondition",
    text: "The wait of this token is over: it was used, timed out, or the task was cleared or ended otherwise.",
  },
  TASK_NOT_DEFERRED: {
    code: "unavailable",
    text: "The task of this token is still running and has not begun to wait; try again with the same request_id.",
  },
  BLOB_NOT_FOUND: { code: "not_found", text: "No value is stored under this key." },
  BLOB_STORE_UNAVAILABLE: {
    code: "unavailable",
    text: "The store of large values cannot be used just now; the message says why.",
  },
  XCOM_NOT_FOUND: { code: "not_found", text: "The task instance left no value under this key." },
  ATTEMPT_UNKNOWN: { code: "not_found", text: "No attempt has this id." },
  LOG_LIMIT_REACHED: {
    code: "resource_exhausted",
    text: "The attempt's log is full; further lines are dropped and the log says so.",
  },
  NOT_OWNER: {
    code: "unavailable",
    text: "No live process owns the DAG's shard just now; try again.",
  },
  UNAVAILABLE: {
    code: "unavailable",
    text: "A part of the system cannot be reached just now; try again with the same request_id.",
  },
  DATABASE_UNREACHABLE: {
    code: "unavailable",
    text: "The database cannot be reached; the message names its address.",
  },
  DATABASE_UNFIT: {
    code: "failed_precondition",
    text: "The database server is too old, or set up so that acknowledged work could be lost.",
  },
  DATABASE_NEWER: {
    code: "failed_precondition",
    text: "The database was migrated by a newer Millrace than this one; upgrade this one.",
  },
  MIGRATION_CHANGED: {
    code: "failed_precondition",
    text: "A migration that was applied is not the one in this build.",
  },
  EMBEDDED_POSTGRES_IN_USE: {
    code: "failed_precondition",
    text: "Another Millrace runs on this data directory; stop it or choose another directory.",
  },
  EMBEDDED_POSTGRES_FAILED: {
    code: "internal",
    text: "The embedded Postgres could not be started; the message says why.",
  },
  TRIGGER_NOT_DECLARED: {
    code: "permission_denied",
    text: "A task makes runs only of the DAGs that its option triggers names.",
  },
  TRIGGER_TOO_DEEP: {
    code: "failed_precondition",
    text: "Too many runs have triggered one another, or they do so in a circle.",
  },
  OVERLOADED: {
    code: "resource_exhausted",
    text: "A limit of this server is reached; try again later.",
  },
  WRONG_PLACE: {
    code: "failed_precondition",
    text: "A word of the SDK was used where it means nothing; the message says where it belongs.",
  },
  RUN_FAILED: {
    code: "failed_precondition",
    text: "The DAG run that a client waited for failed or was cancelled.",
  },
  NOBODY_ANSWERS: {
    code: "failed_precondition",
    text: "A run in memory waits for a person, a task token or a trigger, and the test brings none.",
  },
  WAIT_TIMED_OUT: {
    code: "deadline_exceeded",
    text: "What a client waited for did not happen in time; it may still happen.",
  },
  INTERNAL: {
    code: "internal",
    text: "A fault in Millrace; the log has the details under the same request id.",
  },
} as const satisfies Record<string, ReasonInfo>;

export type ReasonName = keyof typeof reasons;

const brand = Symbol.for("millrace.error");

/** An error of ours, with a reason that callers can act on. A failing task is not one: that is a `Failure` value. */
export class MillraceError extends Error {
  readonly reason: ReasonName;
  readonly metadata: Readonly<Record<string, string>>;
  readonly [brand] = true;

  constructor(
    reason: ReasonName,
    message?: string,
    options: { metadata?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message ?? reasons[reason].text, { cause: options.cause });
    this.name = "MillraceError";
    this.reason = reason;
    this.metadata = options.metadata ?? {};
  }
}

/** Holds for errors of another copy of this package too, which a bundle may carry. */
export function isMillraceError(error: unknown): error is MillraceError {
  return typeof error === "object" && error !== null && brand in error;
}
