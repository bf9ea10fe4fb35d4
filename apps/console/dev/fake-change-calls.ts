import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ServiceImpl } from "@connectrpc/connect";
import { TaskState } from "@millrace/wire/v1";
import type { AffectedInstance, TaskInstanceService } from "@millrace/wire/v1";
import { clearIn, markIn } from "./fake-change.ts";
import { refusal } from "./fake-errors.ts";
import type { Lookup } from "./fake-lookup.ts";
import type { FakeRun } from "./fake-run.ts";
import type { FakeWorld } from "./fake-world.ts";

export const affectedMax = 1_000;

type Calls = Pick<
  ServiceImpl<typeof TaskInstanceService>,
  "clearTaskInstances" | "markTaskInstances"
>;
type Asked = {
  readonly requestId: string;
  readonly runId: string;
  readonly past: boolean;
  readonly future: boolean;
  readonly dryRun: boolean;
};
type Answer = { affected: AffectedInstance[]; affectedCount: number };

const outcomes: readonly TaskState[] = [TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED];

export function changeCalls(world: FakeWorld, lookup: Lookup): Calls {
  const answered = new Map<string, Answer>();
  const change = (request: Asked, act: (run: FakeRun) => AffectedInstance[]): Answer => {
    const before = answered.get(request.requestId);
    if (before !== undefined && !request.dryRun) return before;
    const runs = runsMeant(world, lookup.run(request.runId), request);
    const affected = runs.flatMap((run) => act(run));
    const answer = { affected: affected.slice(0, affectedMax), affectedCount: affected.length };
    if (request.dryRun) return answer;
    for (const run of runs) world.announce(run);
    answered.set(request.requestId, answer);
    return answer;
  };
  return {
    clearTaskInstances: (request) =>
      change(request, (run) => clearIn(run, request.selection, request.dryRun)),
    markTaskInstances(request) {
      const { state, dryRun } = request;
      if (!outcomes.includes(state)) {
        throw refusal(
          Code.InvalidArgument,
          "FIELD_INVALID",
          "state must be SUCCESS, FAILED or SKIPPED.",
        );
      }
      return change(request, (run) =>
        markIn(run, request.selection, { state, now: Date.now(), isDryRun: dryRun }),
      );
    },
  };
}

function runsMeant(world: FakeWorld, named: FakeRun, { past, future }: Asked): FakeRun[] {
  if (!past && !future) return [named];
  const at = dateOf(named);
  if (at === null) {
    const message = `The run ${named.run.runId} has no logical date, so no runs are before or after it.`;
    throw refusal(Code.InvalidArgument, "FIELD_INVALID", message, {
      field: past ? "past" : "future",
    });
  }
  const others = world.runsOf(named.run.dagId).filter((run) => {
    const date = dateOf(run);
    return date !== null && ((past && date < at) || (future && date > at));
  });
  return [named, ...others];
}

function dateOf({ run }: FakeRun): number | null {
  return run.logicalDate === undefined ? null : timestampMs(run.logicalDate);
}
