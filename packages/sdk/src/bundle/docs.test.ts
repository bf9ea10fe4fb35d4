import type { DagSpec } from "@millrace/engine";
import { expect, test } from "vitest";
import { withDocs } from "./docs.ts";
import { isWatched } from "./scan.ts";

function spec(taskIds: readonly string[], docs = ""): DagSpec {
  return { docs, tasks: taskIds.map((id) => ({ id, docs: "" })) } as unknown as DagSpec;
}

function taskDocs(source: string, taskId: string): string | undefined {
  return withDocs(spec([taskId]), source).tasks[0]?.docs;
}

test("the first comment of a file is the DAG's, unless it belongs to what follows", () => {
  expect(withDocs(spec([]), "/** About all. */\nimport x from 'y';").docs).toBe("About all.");
  expect(withDocs(spec([]), "/**\n * One.\n *\n *   - two\n */\n\nconst a = 1;").docs).toBe(
    "One.\n\n  - two",
  );
  expect(withDocs(spec([]), "/** About a. */\nconst a = 1;").docs).toBe("");
  expect(withDocs(spec([], "given"), "/** About all. */\nimport x from 'y';").docs).toBe("given");
});

test("comments of functions are their tasks', in groups and called twice, too", () => {
  const source = `
/** Of a const. */
export const extract = task(async function extract() {});
/** Of a function. */
async function load() {}
class Etl {
  /** Of a method. */
  @Task({ retries: 2 }) async transform() {}
}`;
  expect(taskDocs(source, "extract")).toBe("Of a const.");
  expect(taskDocs(source, "group.inner.load__2")).toBe("Of a function.");
  expect(taskDocs(source, "transform")).toBe("Of a method.");
  expect(taskDocs(source, "unknown")).toBe("");
});

test("dependencies and hidden folders are not watched", () => {
  expect(["", "a.ts", "sub/b.ts", "_lib/c.ts"].every(isWatched)).toBe(true);
  expect(["node_modules", "x/node_modules/y", ".git", "a/.cache/b"].some(isWatched)).toBe(false);
});
