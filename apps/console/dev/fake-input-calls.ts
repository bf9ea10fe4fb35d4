import { Code } from "@connectrpc/connect";
import type { ServiceImpl } from "@connectrpc/connect";
import { InputState } from "@millrace/wire/v1";
import type { InputRequest, TaskInstanceService } from "@millrace/wire/v1";
import { refusal } from "./fake-errors.ts";
import type { Lookup } from "./fake-lookup.ts";
import { checkObject } from "./fake-params.ts";
import type { FakeWorld } from "./fake-world.ts";
import { timestampMs } from "@bufbuild/protobuf/wkt";

const pageDefault = 100;
const caller = "user:admin";

type Calls = Pick<
  ServiceImpl<typeof TaskInstanceService>,
  "answerInput" | "countInputRequests" | "listInputRequests" | "listCallbackDeliveries"
>;

/** What people are asked and answer, and the callbacks. */
export function inputCalls(world: FakeWorld, lookup: Lookup): Calls {
  const answered = new Set<string>();
  return {
    answerInput(request) {
      if (answered.has(request.requestId)) return {};
      const { run, task } = lookup.task(request.runId, request.taskId);
      const asked = run.openInput(task);
      if (asked === undefined) {
        throw refusal(
          Code.FailedPrecondition,
          "INPUT_NOT_AWAITED",
          `The task "${request.taskId}" asks nothing.`,
        );
      }
      const assignees = asked.form?.assignees ?? [];
      if (assignees.length > 0 && !assignees.includes(caller)) {
        throw refusal(
          Code.PermissionDenied,
          "INPUT_NOT_YOURS",
          `This is for ${assignees.join(", ")}; you are ${caller}.`,
        );
      }
      const values = checkObject(asked.form?.schema ?? "", request.values?.data, {
        name: "values",
        reason: "INPUT_INVALID",
      });
      answered.add(request.requestId);
      const now = Date.now();
      run.fulfil(task, { state: InputState.ANSWERED, now, by: caller, values });
      world.announce(run);
      return {};
    },
    countInputRequests() {
      const all = world.runs.flatMap((run) => run.inputs);
      return { openCount: all.filter(({ state }) => state === InputState.OPEN).length };
    },
    listInputRequests({ runId, dagId, states, pageSize, pageToken }) {
      const wanted = states.length === 0 ? [InputState.OPEN] : states;
      const all = world.runs
        .flatMap((run) => run.inputs)
        .filter(
          (one) =>
            wanted.includes(one.state) &&
            (runId === "" || one.runId === runId) &&
            (dagId === "" || one.dagId === dagId),
        )
        .sort((a, b) => askedMs(b) - askedMs(a));
      const page = pageOf(all, pageSize, pageToken);
      return { inputRequests: page.items, nextPageToken: page.next };
    },
    listCallbackDeliveries({ runId, taskId, pageSize, pageToken }) {
      const { all } = lookup.run(runId).deliveries;
      const page = pageOf(
        all.filter((one) => taskId === "" || one.taskId === taskId),
        pageSize,
        pageToken,
      );
      return { deliveries: page.items, nextPageToken: page.next };
    },
  };
}

/** The token is where to go on. */
function pageOf<T>(all: readonly T[], size: number, token: string) {
  const from = Number(token || "0");
  const to = from + (size || pageDefault);
  return { items: all.slice(from, to), next: to < all.length ? String(to) : "" };
}

function askedMs({ askedAt }: InputRequest): number {
  return askedAt === undefined ? 0 : timestampMs(askedAt);
}
