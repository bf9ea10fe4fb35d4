/** An api node with one worker, as an owner sees them: grants slots on demand, keeps assignments, reports results. */

import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { BusUnavailable, type Bus } from "@millrace/bus";
import { readShardOwners, type Database } from "@millrace/db";
import { shardOf } from "@millrace/engine";
import { parseAttemptId } from "@millrace/wire";
import {
  DemandSchema,
  DispatchSchema,
  InventorySchema,
  InventoryVerdictsSchema,
  NodeBeatSchema,
  OwnerCommandSchema,
  OwnerReplySchema,
  ResultBatchSchema,
  SlotGrantSchema,
  SlotGrantsSchema,
  VerdictBatchSchema,
  type OwnerReply,
} from "@millrace/wire/internal";
import { FailureKind, type DeferralSchema } from "@millrace/wire/v1";
import { ResultSchema, VerdictKind, type Assignment, type Verdict } from "@millrace/wire/worker";

export type FakeApiOptions = {
  readonly name?: string;
  /** Default 100. */
  readonly slots?: number;
  readonly queues?: readonly string[];
  /** Default `work`. */
  readonly handlers?: readonly string[];
  /** What a body does with its assignment; default: succeeds at once. Null: says nothing. */
  body?(assignment: Assignment): Outcome | null | Promise<Outcome | null>;
};

export type Outcome = NonNullable<MessageInitShape<typeof ResultSchema>["outcome"]> & {
  /** What the body left under keys. */
  readonly xcoms?: Readonly<Record<string, { readonly data: Uint8Array }>>;
};

export const success = (value?: unknown): Outcome => ({
  case: "succeeded",
  value: value === undefined ? {} : { returnValue: { data: Buffer.from(JSON.stringify(value)) } },
});
/** What a branch or a short circuit reports. */
export const choice = (...cases: string[]): Outcome => ({
  case: "succeeded",
  value: { choice: { cases } },
});
/** What a sensor in reschedule mode reports when it has looked in vain. */
export const rescheduled = (afterMs: number): Outcome => ({
  case: "rescheduled",
  value: { after: durationFromMs(afterMs) },
});
/** What a body reports that gives its slot back to wait. */
export const deferred = (
  trigger: MessageInitShape<typeof DeferralSchema>["trigger"],
  options: Omit<MessageInitShape<typeof DeferralSchema>, "trigger" | "$typeName"> = {},
): Outcome => ({ case: "deferred", value: { ...options, ...(trigger && { trigger }) } });
export const failure = (message: string, retryable = true): Outcome => ({
  case: "failed",
  value: { kind: FailureKind.APPLICATION, type: "Error", message, stack: "", retryable },
});

export type FakeApi = AsyncDisposable & {
  readonly sessionKey: number;
  /** Everything that was ever assigned, in order. */
  readonly assigned: Assignment[];
  readonly cancelled: string[];
  /** Slots not handed out to an owner. */
  freeSlots(): number;
  /** Reports until there is a verdict. */
  report(attemptId: string, outcome: Outcome, sessionKey?: number): Promise<Verdict>;
  inventory(attemptIds: readonly string[], hasEnded?: boolean): Promise<Verdict[]>;
  /**
   * Names what it was assigned and is not settled, again and again, until it is disposed. For owners with a gap between
   * inventories: what is granted and still being written is left out by several of them.
   */
  keepNaming(): Disposable;
  trigger(dagId: string, options?: TriggerOptions): Promise<number>;
  command(dagId: string, command: MessageInitShape<typeof OwnerCommandSchema>): Promise<OwnerReply>;
  /** Adds slots to hand out. */
  addSlots(count: number): void;
  /** The worker is dead: it reports nothing, and asks for nothing. Its session is another matter. */
  die(): void;
  /** The session's time is over. */
  expire(): Promise<void>;
};

export type TriggerOptions = {
  readonly requestId?: string;
  readonly logicalAt?: number;
  readonly partitionKey?: string;
  readonly params?: unknown;
};

const retryMs = 20;
/** Longer than any machine takes. */
const answerMs = 30_000;
const disownedCheckMs = 500;
const namingMs = 100;

/** Inventories that come together count as one, as they do outside of tests. */
export const apart = { inventoryGapMs: 3_000 };

export async function fakeApi(
  db: Database,
  bus: Bus,
  options: FakeApiOptions = {},
): Promise<FakeApi> {
  const name = options.name ?? "worker";
  const queues = [...(options.queues ?? ["default"])];
  const handlers = [...(options.handlers ?? ["work"])];
  const { rows } = await db.pool.query<{ key: number }>(
    `INSERT INTO worker_session (session_id, token_hash, request_id, worker_name, sdk, queues, handlers, runs_bundles, slots,
                                 node_id, expires_at)
     VALUES ($1, '', $1, $2, 'test', $3, $4, true, $5, $6, clock_timestamp() + interval '1 hour') RETURNING key`,
    [crypto.randomUUID(), name, queues, handlers, options.slots ?? 100, bus.nodeId],
  );
  const sessionKey = rows[0]?.key ?? 0;
  // A node of its own in the subjects: the scheduler's node may have another fake beside it.
  const apiNodeId = `api${sessionKey}`;
  const assigned: Assignment[] = [];
  /** Attempts that had a verdict. */
  const settled = new Set<string>();
  const cancelled: string[] = [];
  const wanted = new Map<string, number>();
  let owners = await readShardOwners(db);
  let free = options.slots ?? 100;
  let isDead = false;

  function grant(): void {
    for (const [owner, count] of wanted) {
      const slots = Math.min(free, count);
      if (slots === 0 || isDead) continue;
      free -= slots;
      wanted.set(owner, count - slots);
      const message = create(SlotGrantsSchema, { apiNodeId, grants: [grantOf(slots)] });
      bus.publish(`owner.${owner}.grant`, toBinary(SlotGrantsSchema, message));
    }
  }

  function grantOf(slots: number) {
    return create(SlotGrantSchema, {
      sessionKey: BigInt(sessionKey),
      queues,
      handlers,
      runsBundles: true,
      slots,
      workerName: name,
    });
  }

  async function ownerOf(shard: number): Promise<string> {
    for (;;) {
      const owner = owners.get(shard);
      if (owner !== undefined) return owner;
      await forgetOwners();
    }
  }

  /** Whoever was asked is not the owner, or does not answer: looks again, after a while. */
  async function forgetOwners(): Promise<void> {
    await pause();
    owners = await readShardOwners(db);
  }

  /** Null when nothing came: not in time, or because whoever was asked owns nothing any more, and may be dead. */
  async function ask(
    owner: string,
    about: "results" | "command",
    data: Uint8Array,
  ): Promise<Uint8Array | null> {
    const disowned = Promise.withResolvers<null>();
    const check = async () => {
      if (![...(await readShardOwners(db)).values()].includes(owner)) disowned.resolve(null);
    };
    // The database may be gone by the time that it is asked.
    const timer = setInterval(() => void check().catch(() => undefined), disownedCheckMs);
    const answer = bus
      .request(`owner.${owner}.${about}`, data, { timeoutMs: answerMs })
      .catch(unlessUnavailable);
    return Promise.race([answer, disowned.promise]).finally(() => clearInterval(timer));
  }

  /** `freed`: slots that go to the owner with the result. */
  async function report(
    attemptId: string,
    outcome: Outcome,
    by = sessionKey,
    freed = 0,
  ): Promise<Verdict> {
    const results = [
      {
        sessionKey: BigInt(by),
        result: create(ResultSchema, { attemptId, outcome, xcoms: { ...outcome.xcoms } }),
      },
    ];
    let slots = freed;
    for (;;) {
      const owner = await ownerOf(parseAttemptId(attemptId)?.shard ?? 0);
      const batch = create(ResultBatchSchema, {
        apiNodeId,
        results,
        grants: slots > 0 ? [grantOf(slots)] : [],
      });
      const data = toBinary(ResultBatchSchema, batch);
      const answer = await ask(owner, "results", data);
      if (answer === null) free += slots;
      slots = 0;
      const verdict =
        answer === null ? undefined : fromBinary(VerdictBatchSchema, answer).verdicts[0];
      if (verdict !== undefined && verdict.kind !== VerdictKind.UNSPECIFIED) {
        settled.add(attemptId);
        return verdict;
      }
      await forgetOwners();
    }
  }

  async function run(assignment: Assignment): Promise<void> {
    const outcome = await (options.body ?? (() => success()))(assignment);
    if (outcome === null || isDead) return;
    await report(assignment.attemptId, measured(outcome, assignment), sessionKey, 1);
    grant();
  }

  async function command(
    dagId: string,
    asked: MessageInitShape<typeof OwnerCommandSchema>,
  ): Promise<OwnerReply> {
    const data = toBinary(
      OwnerCommandSchema,
      create(OwnerCommandSchema, { principal: "user:test", ...asked }),
    );
    for (;;) {
      const owner = await ownerOf(shardOf(dagId));
      const answer = await ask(owner, "command", data);
      const reply = answer === null ? null : fromBinary(OwnerReplySchema, answer);
      const isElsewhere =
        reply?.reply.case === "refusal" && reply.reply.value.reason === "NOT_OWNER";
      if (reply !== null && !isElsewhere) return reply;
      await forgetOwners();
    }
  }

  async function inventory(attemptIds: readonly string[], hasEnded = false): Promise<Verdict[]> {
    // Nodes have heard of this one before it asks them.
    bus.publish("nodes", toBinary(NodeBeatSchema, create(NodeBeatSchema, { nodeId: apiNodeId })));
    const message = create(InventorySchema, {
      sessionKey: BigInt(sessionKey),
      attemptIds: [...attemptIds],
      hasEnded,
    });
    const data = toBinary(InventorySchema, message);
    const nodes = new Set((await readShardOwners(db)).values());
    const answers = await Promise.all(
      [...nodes].map((owner) =>
        bus.request(`owner.${owner}.inventory`, data, { timeoutMs: answerMs }),
      ),
    );
    return answers.flatMap((answer) => fromBinary(InventoryVerdictsSchema, answer).verdicts);
  }

  const subscriptions = [
    bus.subscribe("demand", (data) => {
      const { nodeId, lines } = fromBinary(DemandSchema, data);
      const served = lines.filter(
        (line) =>
          queues.includes(line.queue) && (line.handler === "" || handlers.includes(line.handler)),
      );
      wanted.set(
        nodeId,
        served.reduce((sum, line) => sum + line.count, 0),
      );
      grant();
    }),
    bus.subscribe(`api.${apiNodeId}.assign`, (data) => {
      const dispatch = fromBinary(DispatchSchema, data);
      for (const { slots } of dispatch.returned) {
        free += slots;
        // It has nothing to do, whatever it said before; somebody else may.
        wanted.delete(dispatch.nodeId);
      }
      if (dispatch.returned.length > 0) grant();
      cancelled.push(...dispatch.cancels.map((cancel) => cancel.attemptId));
      for (const { assignment } of dispatch.assignments) {
        if (assignment === undefined) continue;
        assigned.push(assignment);
        void run(assignment).catch(() => undefined);
      }
    }),
  ];

  return {
    sessionKey,
    assigned,
    cancelled,
    freeSlots: () => free,
    report: (attemptId, outcome, by) => report(attemptId, outcome, by),
    inventory,
    keepNaming() {
      const name = () => {
        const ids = assigned.map(({ attemptId }) => attemptId);
        return inventory(ids.filter((id) => !settled.has(id)));
      };
      // Its owner may just have died: then the next one is asked, later.
      const timer = setInterval(() => void name().catch(() => undefined), namingMs);
      return { [Symbol.dispose]: () => clearInterval(timer) };
    },
    async trigger(dagId, options = {}) {
      const {
        requestId = crypto.randomUUID(),
        logicalAt,
        params = {},
        partitionKey = "",
      } = options;
      const value = {
        partitionKey,
        dagId,
        params: Buffer.from(JSON.stringify(params)),
        ...(logicalAt === undefined ? {} : { logicalDateMs: BigInt(logicalAt) }),
      };
      const { reply } = await command(dagId, { requestId, command: { case: "triggerRun", value } });
      if (reply.case !== "runKey")
        throw new Error(reply.case === "refusal" ? reply.value.reason : String(reply.case));
      return Number(reply.value);
    },
    command,
    addSlots(count) {
      free += count;
      grant();
    },
    die: () => void (isDead = true),
    async expire() {
      await db.pool.query(
        "UPDATE worker_session SET expires_at = clock_timestamp() WHERE key = $1",
        [sessionKey],
      );
    },
    [Symbol.asyncDispose]() {
      isDead = true;
      for (const subscription of subscriptions) subscription.close();
      return Promise.resolve();
    },
  };
}

/** As workers do: tells the lengths that the assignment asks for. */
function measured(outcome: Outcome, { measuredPaths }: Assignment): Outcome {
  if (outcome.case !== "succeeded" || outcome.value.lengths !== undefined) return outcome;
  const data = outcome.value.returnValue?.data;
  const lengths = measuredPaths.map((path) => {
    const keys = JSON.parse(textOf(path)) as (string | number)[];
    let value: unknown = data === undefined ? undefined : JSON.parse(textOf(data));
    for (const key of keys) value = (value as Record<string | number, unknown> | undefined)?.[key];
    return Array.isArray(value) ? value.length : -1;
  });
  return { ...outcome, value: { ...outcome.value, lengths } };
}

/** Which attempt an assignment is: losses, looks and waits are counted, as its try number does not. */
export function attemptOf({ attemptId }: Pick<Assignment, "attemptId">): number {
  return parseAttemptId(attemptId)?.attempt ?? 0;
}

/** Bytes of an assignment as text. */
export function textOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}

function unlessUnavailable(error: unknown): null {
  if (error instanceof BusUnavailable) return null;
  throw error;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, retryMs));
}
