/**
 * The control plane runs nothing that a user wrote: it asks a worker. A question waits in a line as tasks do, takes a
 * slot as tasks do, and is asked again when its worker is lost.
 */

import { randomInt } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { Verdict } from "@millrace/engine";
import { attemptIdOf, type AttemptRef } from "@millrace/wire";
import { SessionCancelSchema } from "@millrace/wire/internal";
import { apiNodesOf } from "../dispatch.ts";
import { sessionAssignment } from "../outbox.ts";
import type { Owner } from "../owner.ts";
import type { LineKey } from "../ready-queue.ts";
import { callAssignment } from "./assignment.ts";
import type { Answer, Calls, Question } from "./call.ts";
import { noAnswer, told } from "./outcome.ts";

type Call = {
  readonly question: Question;
  /** Its number in attempt ids: far above those of runs. */
  readonly key: number;
  readonly resolve: (answer: Answer) => void;
  /** How often it was handed out. */
  attempt: number;
  /** Null while it waits in its line. */
  sessionKey: number | null;
  /** Inventories in a row, since it was handed out, that did not name it. */
  misses: number;
  losses: number;
  cancelTimer: () => void;
};

const ok: Verdict = { kind: "OK" };
const finished: Verdict = { kind: "STALE", reason: "FINISHED" };
const regranted: Verdict = { kind: "STALE", reason: "EXPIRED_AND_REGRANTED" };
/** Run ids count from 1. */
const keysFrom = 2 ** 46;

export function createCalls(self: () => Owner): Calls {
  const calls = new Map<number, Call>();
  /** By queue: calls that wait, oldest first. */
  const lines = new Map<string, Set<Call>>();
  const sessions = new Map<number, Set<Call>>();

  function idOf({ key, attempt, question }: Call): string {
    const { shard } = question.dag;
    return attemptIdOf({ shard, runKey: key, ix: -1, mapIx: -1, attempt, of: "call" });
  }

  /** Takes it from its line, or from the session that has it. */
  function detach(call: Call): void {
    call.cancelTimer();
    lines.get(call.question.queue)?.delete(call);
    if (call.sessionKey === null) return;
    const all = sessions.get(call.sessionKey);
    all?.delete(call);
    if (all?.size === 0) sessions.delete(call.sessionKey);
    call.sessionKey = null;
  }

  function place(call: Call): void {
    detach(call);
    const { queue } = call.question;
    const line = lines.get(queue) ?? new Set();
    lines.set(queue, line.add(call));
    self().pump();
  }

  function end(call: Call, answer: Answer): void {
    detach(call);
    calls.delete(call.key);
    call.resolve(answer);
  }

  /** A kindness: what it answers counts no more. */
  function stop(call: Call): void {
    const owner = self();
    const { sessionKey } = call;
    if (sessionKey === null) return;
    const message = create(SessionCancelSchema, {
      sessionKey: BigInt(sessionKey),
      attemptId: idOf(call),
    });
    for (const apiNodeId of apiNodesOf(owner, sessionKey)) owner.outbox.cancel(apiNodeId, message);
  }

  function drop(isGone: (question: Question) => boolean): void {
    for (const call of [...calls.values()]) {
      if (!isGone(call.question)) continue;
      stop(call);
      end(call, { kind: "dropped" });
    }
  }

  function lose(call: Call): void {
    const { callLossesMax } = self().settings;
    call.losses += 1;
    if (call.losses < callLossesMax) return place(call);
    const times = `${call.losses} workers were lost while they ran it`;
    end(call, noAnswer(`The function gave no answer: ${times}.`, "lost"));
  }

  function send(call: Call, sessionKey: number, apiNodeId: string): void {
    const owner = self();
    detach(call);
    call.sessionKey = sessionKey;
    call.attempt += 1;
    call.misses = 0;
    sessions.set(sessionKey, (sessions.get(sessionKey) ?? new Set()).add(call));
    // Workers end what takes too long. This is for one that does not.
    const { timeoutMs } = call.question;
    call.cancelTimer = owner.clock.after(timeoutMs + owner.settings.callPatienceMs, () => {
      stop(call);
      end(call, noAnswer(`The function gave no answer within ${timeoutMs} ms.`, "timeout"));
    });
    const assignment = callAssignment(idOf(call), call.question);
    owner.outbox.assign(apiNodeId, sessionAssignment(sessionKey, assignment));
  }

  function find({ runKey }: AttemptRef): Call | undefined {
    return calls.get(runKey);
  }

  function isWith(call: Call, sessionKey: number, { attempt }: AttemptRef): boolean {
    return call.sessionKey === sessionKey && call.attempt === attempt;
  }

  return {
    ask(question) {
      const { signal } = question;
      const { callsWaitingMax } = self().settings;
      if (signal?.aborted === true) return Promise.resolve({ kind: "dropped" });
      if (calls.size >= callsWaitingMax)
        return Promise.resolve(noAnswer(`More than ${callsWaitingMax} questions wait.`));
      return new Promise((resolve) => {
        const call: Call = {
          ...{ question, resolve, key: keysFrom + randomInt(keysFrom) },
          ...{ attempt: 0, sessionKey: null, misses: 0, losses: 0, cancelTimer: () => undefined },
        };
        calls.set(call.key, call);
        signal?.addEventListener("abort", () => {
          if (calls.get(call.key) !== call) return;
          stop(call);
          end(call, { kind: "dropped" });
        });
        place(call);
      });
    },
    lines: () => waiting(lines).map(([queue]) => ({ queue, handler: null })),
    count: (line, max) =>
      Math.min(max, (line.handler === null && lines.get(line.queue)?.size) || 0),
    grantOne(line: LineKey) {
      const owner = self();
      const [call] = line.handler === null ? (lines.get(line.queue) ?? []) : [];
      const session = call && owner.slots.take(line);
      if (call === undefined || !session) return false;
      owner.names.put(session.sessionKey, session.workerName);
      owner.demand.onGranted(line);
      send(call, session.sessionKey, session.apiNodeId);
      return true;
    },
    report(sessionKey, ref, result) {
      const call = find(ref);
      if (call === undefined) return finished;
      const said = told(result, self().settings.callAnswerBytesMax);
      // An answer is welcome from whoever has it. But of a failure only who is to answer now may tell.
      if (said.kind !== "value" && !isWith(call, sessionKey, ref)) return regranted;
      if (said.kind === "lost") lose(call);
      else if (said.kind === "again") place(call);
      else {
        if (!isWith(call, sessionKey, ref)) stop(call);
        end(call, said);
      }
      return ok;
    },
    verdictOn(sessionKey, ref) {
      const call = find(ref);
      if (call === undefined) return finished;
      return isWith(call, sessionKey, ref) ? null : regranted;
    },
    loseMissing(sessionKey, named) {
      const { inventoryMissesMax } = self().settings;
      const ofSession = [...(sessions.get(sessionKey) ?? [])];
      for (const call of ofSession) call.misses = named.has(idOf(call)) ? 0 : call.misses + 1;
      const missing = ofSession.filter(({ misses }) => misses >= inventoryMissesMax);
      for (const call of missing) lose(call);
      return missing.length;
    },
    endSession(sessionKey) {
      for (const call of [...(sessions.get(sessionKey) ?? [])]) lose(call);
    },
    sessionKeys: () => sessions.keys(),
    dropShards: (shards) => drop(({ dag }) => shards.has(dag.shard)),
    dropDag: (dagId) => drop(({ dag }) => dag.dagId === dagId),
  };
}

function waiting(lines: ReadonlyMap<string, ReadonlySet<Call>>): [string, ReadonlySet<Call>][] {
  return [...lines].filter(([, line]) => line.size > 0);
}
