import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { compileFolder, type CompileOptions } from "./compile-folder.ts";
import { loadHandler } from "./handler.ts";
import { loadDags } from "./load-dags.ts";

/** Long enough for a busy machine, where a test is not about the limit. */
const timeoutMs = 60_000;
const compiled = (dir: string, options: CompileOptions = {}) =>
  compileFolder(dir, { timeoutMs, ...options });

const dirs: string[] = [];
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true });
});

async function folder(files: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), "millrace-test-"));
  dirs.push(dir);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(dir, name)), { recursive: true });
    await writeFile(path.join(dir, name), text);
  }
  return dir;
}

function dagFile(id: string, body = "return 1;"): string {
  return `import { dag, task } from "@millrace/sdk";
const first = task(async function first(): Promise<number> { ${body} });
export default dag("${id}", {}, () => { first(); });
`;
}

describe("a folder", () => {
  test("becomes one bundle with the DAGs of all its files", async () => {
    const dir = await folder({ "a.ts": dagFile("a"), "sub/b.mts": dagFile("b") });
    const { dags, errors, digest } = await compiled(dir);
    expect(errors).toEqual([]);
    expect(dags.map((dag) => [dag.dagId, dag.file, dag.bundleDigest])).toEqual([
      ["a", "a.ts", digest],
      ["b", "sub/b.mts", digest],
    ]);
    expect(dags[0]?.tasks[0]?.handler).toBe("a.ts#a#first");
    expect(dags[0]?.source).toBe(dagFile("a"));
  });

  test("names callbacks so that a worker finds their functions, also where all tasks are external", async () => {
    const source = `import { dag, externalCallback, externalTask, notifier, task } from "@millrace/sdk";
const page = notifier("page", { team: "data" }, () => undefined);
const own = task(function own() {});
const score = externalTask<[], number>({ handler: "score", onFailure: [page, externalCallback({ handler: "far" })] });
export const mixed = dag("mixed", { onSuccess: page }, () => { own.with({ onRetry: page })(); });
export const far = dag("far", {}, () => { score(); });
`;
    const dir = await folder({ "sub/a.ts": source });
    const [one, again] = [await compiled(dir), await compiled(dir)];
    expect(one.errors).toEqual([]);
    const handlers = one.dags.map(({ callbacks, tasks }) =>
      [...callbacks, ...tasks.flatMap((task) => task.callbacks)].map(({ handler }) => handler),
    );
    expect(handlers).toEqual([
      ["sub/a.ts#far#score#onFailure/0", "far"],
      ["sub/a.ts#mixed##onSuccess/0", "sub/a.ts#mixed#own#onRetry/0"],
    ]);
    expect(one.dags.map(({ bundleDigest }) => bundleDigest)).toEqual([one.digest, one.digest]);
    expect(again.digest).toBe(one.digest);
    expect(again.dags).toEqual(one.dags);
    const { dags } = await loadDags(dir, { timeoutMs });
    const module = { files: { "sub/a.ts": () => Promise.resolve(dags.map(({ dag }) => dag)) } };
    for (const handler of ["sub/a.ts#mixed##onSuccess/0", "sub/a.ts#mixed#own#onRetry/0"]) {
      expect((await loadHandler(module, handler)).body).toBeTypeOf("function");
    }
    await expect(loadHandler(module, "sub/a.ts#mixed##onFailure/0")).rejects.toThrow(
      'DAG "mixed" has no TypeScript callback "#onFailure/0"',
    );
  });

  test("gives the same digest in another place, and no path of either in it", async () => {
    const dir = await folder({ "a.ts": dagFile("a"), "_lib/x.ts": "export const x = 1;" });
    const copy = await folder({});
    await cp(dir, copy, { recursive: true });
    const [one, two] = [await compiled(dir), await compiled(copy)];
    expect(two.digest).toBe(one.digest);
    expect(gunzipSync(one.content).toString()).not.toContain(path.basename(dir));
  });

  test("leaves out tests, declarations, node_modules and names that begin with _ or .", async () => {
    const broken = "this is no TypeScript";
    const dir = await folder({
      "a.ts": dagFile("a"),
      "a.test.ts": broken,
      "a.d.ts": broken,
      "_b.ts": broken,
      ".c.ts": broken,
      "node_modules/d/d.ts": broken,
    });
    const { dags, errors } = await compiled(dir);
    expect(errors).toEqual([]);
    expect(dags).toHaveLength(1);
  });

  test("without a DAG compiles to nothing", async () => {
    const { dags, errors } = await compiled(await folder({ "notes.ts": "export const a = 1;" }));
    expect({ dags, errors }).toEqual({ dags: [], errors: [] });
  });

  test("takes docs from comments where options give none", async () => {
    const source = `/**
 * Loads **everything**.
 */
import { dag, task } from "@millrace/sdk";
/** Fetches rows. */
const first = task(function first() { return 1; });
export default dag("a", {}, () => { first(); });
`;
    const { dags } = await compiled(await folder({ "a.ts": source }));
    expect(dags[0]?.docs).toBe("Loads **everything**.");
    expect(dags[0]?.tasks[0]?.docs).toBe("Fetches rows.");
  });

  test("may use standard decorators", async () => {
    const source = `import { Dag, Task, type Tasks } from "@millrace/sdk";
@Dag({}) class Etl {
  @Task() async extract(): Promise<number> { return 1; }
  wire(t: Tasks<Etl>) { t.extract(); }
}
export { Etl };
`;
    const { dags, errors } = await compiled(await folder({ "etl.ts": source }));
    expect(errors).toEqual([]);
    expect(dags[0]?.tasks.map((task) => task.id)).toEqual(["extract"]);
  });
});

test("a compilation that is called off ends, whatever its files do", async () => {
  const dir = await folder({ "endless.ts": "for (;;) {}" });
  const compiling = compiled(dir, { signal: AbortSignal.timeout(500) });
  await expect(compiling).rejects.toMatchObject({ name: "TimeoutError" });
});

describe("a broken file is an import error and harms no other:", () => {
  async function errorOf(text: string, options: CompileOptions = {}): Promise<string> {
    const dir = await folder({ "good.ts": dagFile("good"), "bad.ts": text });
    const { dags, errors } = await compiled(dir, options);
    expect(dags.map((dag) => dag.dagId)).toEqual(["good"]);
    expect(errors.map((error) => error.file)).toEqual(["bad.ts"]);
    return errors[0]?.message ?? "";
  }

  test("a syntax error, with line and column", async () => {
    expect(await errorOf("\nconst a = ;\n")).toMatch(/^bad\.ts:2:11: /);
  });

  test("an import that does not exist", async () => {
    expect(await errorOf('import "./missing.ts";')).toContain("missing.ts");
  });

  test("an export of a built-in module that does not exist", async () => {
    expect(await errorOf('import { nope } from "node:fs"; console.log(nope);')).toContain("nope");
  });

  test("an unknown built-in module", async () => {
    expect(await errorOf('import "node:nope";')).toContain("node:nope");
  });

  test("a throw while loading, at its line in the source", async () => {
    const message = await errorOf('type A = 1;\n\nthrow new TypeError("no config");\n');
    expect(message).toMatch(/^bad\.ts:3:7: TypeError: no config/);
  });

  test("an error inside dag(…)", async () => {
    const text = `import { dag, task } from "@millrace/sdk";
export default dag("bad id!", {}, () => { task(function a() { return 1; })(); });`;
    expect(await errorOf(text)).toContain("bad id!");
  });

  test("a task without a name, at its line", async () => {
    const text = `import { task } from "@millrace/sdk";\n\ntask(() => 1);\n`;
    expect(await errorOf(text)).toContain("the task at bad.ts:3 has no id");
  });

  test("a top level that never ends, naming the limit", async () => {
    expect(await errorOf("for (;;) {}", { timeoutMs: 10_000 })).toContain("limit of 10 s");
  });

  test("an await that never ends", async () => {
    const text = "await new Promise(() => setInterval(() => {}, 1000));";
    expect(await errorOf(text, { timeoutMs: 10_000 })).toContain("10 s");
  });

  test("process.exit while loading", async () => {
    expect(await errorOf("process.exit(3);")).toContain("process.exit(3)");
  });

  test("a DAG that differs at each load, naming what differs", async () => {
    const text = `import { dag, task } from "@millrace/sdk";
const id = "t" + Math.random().toString(36).slice(2);
export default dag("bad", {}, () => { task({ id }, () => 1)(); });`;
    expect(await errorOf(text)).toMatch(/different DAGs: .*tasks\[0\]\.id/);
  });

  test("what belongs to other processes", async () => {
    expect(await errorOf('import { runWorker } from "@millrace/sdk/worker"; runWorker;')).toContain(
      'cannot import "@millrace/sdk/worker"',
    );
  });
});

test("a DAG id in two files is an error of both, naming both", async () => {
  const dir = await folder({
    "a.ts": dagFile("same"),
    "b.ts": dagFile("same"),
    "c.ts": dagFile("c"),
  });
  const { dags, errors } = await compiled(dir);
  expect(dags.map((dag) => dag.dagId)).toEqual(["c"]);
  expect(errors.map((error) => error.file)).toEqual(["a.ts", "b.ts"]);
  for (const { message } of errors) expect(message).toContain("a.ts and b.ts");
});

test("loadDags gives definitions and the same errors", async () => {
  const dir = await folder({ "a.ts": dagFile("a"), "bad.ts": "const = 1;" });
  const { dags, errors } = await loadDags(dir, { timeoutMs });
  expect(dags.map(({ file, dag }) => [file, dag.spec().dagId])).toEqual([["a.ts", "a"]]);
  expect(errors.map((error) => error.file)).toEqual(["bad.ts"]);
});
