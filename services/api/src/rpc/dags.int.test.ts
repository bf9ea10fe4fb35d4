import { DagService } from "@millrace/wire/v1";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

describe.each(["http", "grpc"] as const)("over %s", (transport) => {
  test("a registered DAG can be read and listed", async () => {
    const dags = api[transport](DagService);
    const dagId = `read-${transport}`;
    const answer = await dags.registerDags({ requestId: requestId(), folder: transport, dags: [chainSpec(dagId, ["a", "b"], { tags: ["x"] })] });
    expect(answer.errors).toEqual([]);
    expect(answer.dags).toMatchObject([{ dagId, version: 1, taskCount: 2, isActive: true, isPaused: false, maxActiveTasks: 16 }]);

    const { dag } = await dags.getDag({ dagId });
    expect(dag).toMatchObject({ dagId, version: 1, tags: ["x"], recentRuns: [] });
    const page = await dags.listDags({ search: dagId });
    expect(page.dags.map((each) => each.dagId)).toEqual([dagId]);
    expect(page.total).toBe(1);
  });
});
