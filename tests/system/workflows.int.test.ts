/**
 * The graphs of real scientific workflows, run by the engine in this process with tasks that take no time. They are not
 * part of the project: files of [WfInstances](https://github.com/wfcommons/WfInstances) reduced to
 * `{ tasks: [{ id, parents: [id], runtimeSeconds }] }`, in the folder that `MILLRACE_WORKFLOWS` names.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { chain, dag, task, type Handle } from "@millrace/sdk";
import type { DagDefinition } from "@millrace/sdk/spec";
import { runDag } from "@millrace/testing";
import { describe, expect, test } from "vitest";

type Node = { readonly id: string; readonly parents: readonly string[] };

const folder = process.env["MILLRACE_WORKFLOWS"];

if (!folder) {
  test.skip("real workflows run through: MILLRACE_WORKFLOWS names no folder with their graphs", () => {});
} else {
  describe("real workflows run through", () => {
    const files = readdirSync(folder).filter((it) => it.endsWith(".json"));

    test("the folder has some", () => {
      expect(files).not.toEqual([]);
    });

    test.each(files)("%s: each task once, after all before it have ended", async (file) => {
      const nodes = nodesOf(join(folder, file));
      const ended: string[] = [];
      const definition = dagOf(basename(file, ".json"), nodes, ended);
      expect(definition.spec().edges).toHaveLength(nodes.flatMap(({ parents }) => parents).length);

      const done = await runDag(definition);
      expect(done.failure).toBeNull();
      expect(done.state).toBe("success");
      expect(done.tasks.filter((it) => it.state !== "success" || it.attempts !== 1)).toEqual([]);
      const ids = nodes.map(({ id }) => id).toSorted();
      expect(done.order.toSorted()).toEqual(ids);
      expect(ended.toSorted()).toEqual(ids);
    });
  });
}

function nodesOf(path: string): readonly Node[] {
  return (JSON.parse(readFileSync(path, "utf8")) as { tasks: readonly Node[] }).tasks;
}

/** One task for each node, with the arrows of the graph. Each checks that those before it have ended, and adds itself. */
function dagOf(dagId: string, nodes: readonly Node[], ended: string[]): DagDefinition {
  const tasks = nodes.map(({ id, parents }) =>
    task({ id }, () => {
      const early = parents.filter((parent) => !ended.includes(parent));
      if (early.length > 0) throw new Error(`${id} runs before ${early.join(", ")} have ended`);
      ended.push(id);
    }),
  );
  return dag(dagId, {}, () => {
    const handles = new Map<string, Handle<void>>();
    for (const [at, { id }] of nodes.entries()) handles.set(id, tasks[at]!());
    for (const { id, parents } of nodes)
      for (const parent of parents) chain(handles.get(parent)!, handles.get(id)!);
  });
}
