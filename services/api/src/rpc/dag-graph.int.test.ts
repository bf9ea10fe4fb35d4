/** The structure of a DAG as the console and the command draw it. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  DagService,
  SensorMode,
  TaskControl,
  TaskKind,
  TaskRole,
  TriggerRule,
  type TaskSpecSchema,
} from "@millrace/wire/v1";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const json = (text: string) => new TextEncoder().encode(text);

test("labels, mapped groups, cases, roles, rules and sensors come out as they were registered", async () => {
  const aTask = (taskId: string, more: MessageInitShape<typeof TaskSpecSchema> = {}) => ({
    ...{ taskId, kind: TaskKind.EXTERNAL, handler: "test", args: json("[]") },
    ...more,
  });
  const tasks = [
    aTask("choose", {
      control: TaskControl.BRANCH,
      cases: [
        { name: "big", taskIds: ["make"] },
        { name: "small", taskIds: ["g.load"] },
      ],
    }),
    aTask("make", { role: TaskRole.SETUP }),
    aTask("g.load", { groupId: "g", mapIndexTemplate: "file {{ index }}" }),
    aTask("look", {
      sensor: { mode: SensorMode.RESCHEDULE, softFail: true, backoff: true },
    }),
    aTask("join", { triggerRule: TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS }),
    aTask("drop", { role: TaskRole.TEARDOWN, failsRun: true }),
  ];
  const edges = [
    ["choose", "make", "big"],
    ["choose", "g.load", "small"],
    ["make", "look", ""],
    ["g.load", "join", ""],
    ["look", "join", ""],
    ["look", "drop", ""],
    ["make", "drop", ""],
  ].map(([fromTaskId = "", toTaskId = "", label = ""]) => ({ fromTaskId, toTaskId, label }));
  const groups = [{ groupId: "g", tooltip: "files", each: [{ sources: [json("[1,2,3]")] }] }];
  const spec = chainSpec("graph", [], {
    ...{ tasks, edges, groups, resultTaskId: "look" },
  });
  const dags = api.http(DagService);
  const request = { requestId: requestId(), folder: "graph", dags: [spec] };
  expect((await dags.registerDags(request)).errors).toEqual([]);
  const found = await dags.getDagSpec({ dagId: "graph" });
  expect(found.spec).toEqual({ ...spec, source: "" });
});
