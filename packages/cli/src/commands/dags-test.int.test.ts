/** `millrace dags test` as people start it, about DAGs that wait. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const dags = `
import { dag, defer, task, trigger } from "@millrace/sdk";

const schema = { type: "object", properties: { ok: { type: "boolean" } } } as const;
const rest = task(function rest() { return defer(trigger.after("10h")); });
const approve = task(function approve() { return defer(trigger.input({ subject: "Publish?", schema })); });
const train = task(function train() { return defer(trigger.token()); });
export const resting = dag("resting", {}, () => { rest(); });
export const asking = dag("asking", {}, () => { approve(); train(); });
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-dags-test-"));
  writeFileSync(join(folder, "waits.ts"), dags);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const main = new URL("../main.ts", import.meta.url).pathname;

function testDag(id: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const args = [main, "dags", "test", id, "--dags", folder];
    execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test("a wait for a moment takes no time", { timeout: 60_000 }, async () => {
  const { code, stdout } = await testDag("resting");
  expect(code).toBe(0);
  expect(stdout).toMatch(/\nrest +✔ success +1/);
});

test(
  "who waits for a person or a token is named, and what to do instead",
  { timeout: 60_000 },
  async () => {
    const { code, stderr } = await testDag("asking");
    expect(code).toBe(1);
    expect(stderr).toContain(
      'asking waits, and nobody can answer in this process: approve for an answer to "Publish?", train for its task token. ' +
        'Run it on a server, with "millrace up" and "millrace dags trigger asking",',
    );
  },
);
