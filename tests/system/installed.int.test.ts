/** The published tarballs, installed into an empty folder, run a user's own DAG, console included. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { root } from "./process.ts";
import { waitFor } from "./wait.ts";

const run = promisify(execFile);
const published = [
  "packages/sdk",
  "packages/operators",
  "packages/testing",
  "packages/cli",
  "apps/console",
];
const testLimitMs = 480_000;

const hello = `
import { chain, dag, task } from "@millrace/sdk";
import { shell } from "@millrace/operators";

const greet = task(function greet(name: string) {
  return \`hello \${name}\`;
});

export default dag("hello", {}, (run) => {
  chain(greet("you"), shell({ id: "shout", command: "echo {{ dag_id }}" }));
});
`;

const helloTest = `
import { runDag } from "@millrace/testing";
import { loadDags } from "@millrace/sdk/bundle";
const { dags } = await loadDags("dags");
const done = await runDag(dags[0].dag);
console.log(done.state, done.xcom("greet"), done.xcom("shout"));
`;

test("npm pack, npm install, npx millrace up", { timeout: testLimitMs }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-installed-"));
  const tarballs = join(folder, "tarballs");
  const project = join(folder, "project");
  mkdirSync(tarballs);
  mkdirSync(join(project, "dags"), { recursive: true });
  try {
    for (const workspace of published) {
      await run("npm", ["pack", "--silent", "-w", workspace, "--pack-destination", tarballs], {
        cwd: root,
        maxBuffer: 64 * 1024 * 1024,
      });
    }
    const files = readdirSync(tarballs).map((it) => join(tarballs, it));
    expect(files).toHaveLength(published.length);

    writeFileSync(
      join(project, "package.json"),
      '{ "name": "my-project", "private": true, "type": "module" }',
    );
    writeFileSync(join(project, "dags", "hello.ts"), hello);
    writeFileSync(join(project, "try.mjs"), helloTest);
    await run("npm", ["install", "--no-audit", "--no-fund", ...files], {
      cwd: project,
      maxBuffer: 64 * 1024 * 1024,
    });
    const installed = readFileSync(
      join(project, "node_modules", "@millrace", "cli", "package.json"),
      "utf8",
    );
    expect(installed).not.toContain("src/");

    const tried = await run(process.execPath, ["try.mjs"], { cwd: project });
    expect(tried.stdout).toContain("success hello you hello");

    const up = spawn("npx", ["millrace", "up", "--grpc-port", "0", "--http-port", "0"], {
      cwd: project,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let output = "";
    up.stdout.on("data", (data: Buffer) => (output += data.toString()));
    up.stderr.on("data", (data: Buffer) => (output += data.toString()));
    try {
      const endpoint = join(project, ".millrace", "endpoint.json");
      await waitFor("millrace up", () => {
        if (up.exitCode !== null) throw new Error(output);
        return existsSync(endpoint);
      });
      const cli = (...args: string[]) => run("npx", ["millrace", ...args], { cwd: project });
      await waitFor("the DAG", async () => (await cli("dags", "list")).stdout.includes("hello"));
      const watched = await cli("dags", "trigger", "hello", "--watch");
      expect(watched.stderr).toMatch(/hello .*success/);

      const login = await waitFor(
        "the login link",
        () => /http:\S+\/login\?token=\S+/.exec(output)?.[0],
      );
      const page = await fetch(login);
      expect(page.status).toBe(200);
      expect(await page.text()).toMatch(/Millrace/);
    } finally {
      process.kill(-up.pid!, "SIGINT");
      await once(up, "exit");
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
