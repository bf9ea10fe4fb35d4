/**
 * The control plane runs nothing that a user wrote: it asks a worker. A question waits in a line as tasks do, takes a
 * slot as tasks do, and is asked again when its worker is lost.
 */

import { randomInt } from "node:crypto";
import { attemptIdOf, type AttemptRef } from "@millrace/wire";
import type { Owner } from "../owner.ts";
import { createSideBook } from "../dispatch/side-book.ts";
import type { Work } from "../dispatch/side-work.ts";
import { callAssignment } from "./assignment.ts";
import type { Answer, Calls, Question } from "./call.ts";
import { noAnswer, told } from "./outcome.ts";
import { finished, ok, regranted } from "../results/verdicts.ts";

type Call = Work & {
  readonly question: Question;
  /** Its number in attempt ids: far above those of runs. */
  readonly key: number;
  readonly resolve: (answer: Answer) => void;
  /** How often it was handed out. */
  attempt: number;
  losses: number;
  cancelTimer: () => void;
};

/** Run ids count from 1. */
const keysFrom = 2 ** 46;

export function createCalls(self: () => Owner): Calls {
  const calls = new Map<number, Call>();
  const book = createSideBook<Call>(self);

  function idOf({ key, attempt, question }: Call): string {
    const { shard } = question.dag;
    return attemptIdOf({ shard, runKey: key, ix: -1, mapIx: -1, attempt, of: "call" });
  }

  function place(call: Call): void {
    call.cancelTimer();
    book.place(call, { queue: call.question.queue, handler: null });
  }

  function end(call: Call, answer: Answer): void {
    call.cancelTimer();
    book.detach(call);
    calls.delete(call.key);
    call.resolve(answer);
  }

  /** A kindness: what it answers counts no more. */
  function stop(call: Call): void {
    book.stop(call, idOf(call));
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

  function expect(call: Call): void {
    const { clock, settings } = self();
    // Workers end what takes too long. This is for one that does not.
    const { timeoutMs } = call.question;
    call.cancelTimer = clock.after(timeoutMs + settings.callPatienceMs, () => {
      stop(call);
      end(call, noAnswer(`The function gave no answer within ${timeoutMs} ms.`, "timeout"));
    });
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
    lines: book.lines,
    count: book.count,
    grantOne(line) {
      const next = book.first(line);
      if (next === null) return false;
      const { work: call, session } = next;
      call.attempt += 1;
      book.hand(call, line, session, callAssignment(idOf(call), call.question));
      expect(call);
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
      const missing = book.missing(sessionKey, (call) => named.has(idOf(call)));
      for (const call of missing) lose(call);
      return missing.length;
    },
    endSession(sessionKey) {
      for (const call of book.of(sessionKey)) lose(call);
    },
    sessionKeys: book.sessionKeys,
    dropShards: (shards) => drop(({ dag }) => shards.has(dag.shard)),
    dropDag: (dagId) => drop(({ dag }) => dag.dagId === dagId),
  };
}
