/** The published tarballs, installed into an empty folder, serve a user's own project: types, tests, `up`, console. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packPublished } from "../../scripts/pack.ts";
import { root } from "./process.ts";
import { waitFor } from "./wait.ts";

const run = promisify(execFile);
const maxBuffer = 64 * 1024 * 1024;
const setUpLimitMs = 420_000;
const testLimitMs = 240_000;

/** Folders of the installed packages. */
const names = ["sdk", "operators", "testing", "cli", "console"];

/** Every line that is marked, and no other, must be an error. */
const wrong = `import { dag, task } from "@millrace/sdk";

const count = task(function count(rows: string[]) {
  return rows.length;
});
const name = task(function name() {
  return "one";
});

export default dag("wrong", {}, (run) => {
  count(name()); // wrong: a text is no list
  count(["a"], 1); // wrong: one argument too many
  count(run.params.rows); // wrong: no such param
});

dag("misspelt", { shedule: "@daily" }, () => {}); // wrong: no such option
`;

let folder: string;
let project: string;
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-installed-")));
  project = join(folder, "project");
  cpSync(fileURLToPath(new URL("installed", import.meta.url)), project, { recursive: true });
  const tarballs = await packPublished(join(folder, "tarballs"));
  expect(tarballs).toHaveLength(names.length);
  const manifest = { name: "my-project", private: true, type: "module" };
  writeFileSync(join(project, "wrong.ts"), wrong);
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  await inProject("npm", "install", "--no-audit", "--no-fund", ...tarballs);
}, setUpLimitMs);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Done = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs a program there; settings of this process are not those of the project. */
async function tryInProject(command: string, ...args: string[]): Promise<Done> {
  try {
    const done = await run(command, args, { cwd: project, env: environment(), maxBuffer });
    return { code: 0, ...done };
  } catch (error) {
    const { code, stdout = "", stderr = "" } = error as Partial<Done>;
    if (typeof code === "number") return { code, stdout, stderr };
    throw error;
  }
}

async function inProject(command: string, ...args: string[]): Promise<Done> {
  const done = await tryInProject(command, ...args);
  if (done.code !== 0)
    throw new Error(`${command} ${args.join(" ")}: ${done.stdout}${done.stderr}`);
  return done;
}

function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(MILLRACE|VITEST|DATABASE_URL)/.test(name),
  );
  return { ...Object.fromEntries(own), NO_COLOR: "1" };
}

test("each package has what its manifest names, its license and README, and nothing of this repository", () => {
  for (const name of names) {
    const home = join(project, "node_modules", "@millrace", name);
    const text = readFileSync(join(home, "package.json"), "utf8");
    const manifest = JSON.parse(text) as { license: string; engines: object; private?: boolean };
    expect(manifest).toMatchObject({ license: "Apache-2.0", engines: { node: ">=22" } });
    expect(manifest.private).toBe(undefined);
    expect(text).not.toMatch(/\.ts"(?<!\.d\.ts")|scripts|devDependencies/);
    for (const [, path] of text.matchAll(/"(\.\/[^"*]+\.[a-z.]+)"/g)) {
      expect(existsSync(join(home, path!)), `${name}: ${path}`).toBe(true);
    }
    for (const file of ["LICENSE", "README.md"])
      expect(existsSync(join(home, file)), file).toBe(true);
    const files = globSync("**/*.{js,mjs,mts,ts,json}", { cwd: home });
    const telling = files.filter((it) => readFileSync(join(home, it), "utf8").includes(root));
    expect(telling, `files of ${name} that name ${root}`).toEqual([]);
  }
});

test(
  "its DAGs compile for a user, and wrong wiring does not",
  { timeout: testLimitMs },
  async () => {
    const tsc = join(root, "node_modules", ".bin", "tsc");
    await inProject(tsc, "-p", "tsconfig.json");
    const { code, stdout } = await tryInProject(tsc, "-p", "tsconfig.wrong.json");
    expect(code).not.toBe(0);
    const found = stdout
      .split("\n")
      .flatMap((line) => /^\S+\((\d+),\d+\): error/.exec(line)?.[1] ?? []);
    const marked = wrong
      .split("\n")
      .flatMap((line, index) => (line.includes("// wrong") ? String(index + 1) : []));
    expect([...new Set(found)]).toEqual(marked);
  },
);

test("the clients of S3 and Kafka are for those who need them, who are told so", async () => {
  const optional = ["@aws-sdk/client-s3", "@platformatic/kafka"];
  for (const name of optional)
    expect(existsSync(join(project, "node_modules", name)), name).toBe(false);
  const { stdout } = await inProject(process.execPath, "missing.mjs");
  expect(JSON.parse(stdout)).toEqual(
    optional.map((name) => expect.stringContaining(`run "npm install ${name}" where`) as string),
  );
});

test("its DAGs are tested in memory", { timeout: testLimitMs }, async () => {
  const { stdout } = await inProject(process.execPath, "try.mjs");
  expect(JSON.parse(stdout)).toEqual({ state: "success", greet: "hello you", shout: "hello" });
  const { stdout: table } = await inProject("npx", "millrace", "dags", "test", "Counted");
  expect(table).toMatch(/\ntotal +✔ success +1 +2\n/);
});

test("npx millrace up runs them, console included", { timeout: testLimitMs }, async () => {
  const up = spawn("npx", ["millrace", "up", "--grpc-port", "0", "--http-port", "0"], {
    cwd: project,
    env: environment(),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  up.stdout.on("data", (data: Buffer) => (output += data.toString()));
  up.stderr.on("data", (data: Buffer) => (output += data.toString()));
  try {
    await waitFor("millrace up", () => {
      if (up.exitCode !== null) throw new Error(output);
      return output.includes("Millrace runs at");
    });
    for (const dagId of ["hello", "Counted", "stored"]) {
      await waitFor(`the DAG ${dagId}`, async () => {
        const { stdout } = await inProject("npx", "millrace", "dags", "list");
        return stdout.includes(dagId);
      });
    }
    for (const dagId of ["hello", "Counted"]) {
      const watched = await inProject("npx", "millrace", "dags", "trigger", dagId, "--watch");
      expect(watched.stderr).toMatch(new RegExp(`✔ success ${dagId} `));
    }
    const login = await waitFor(
      "the login link",
      () => /http:\S+\/login\?token=\S+/.exec(output)?.[0],
    );
    const page = await fetch(login);
    expect(page.status).toBe(200);
    expect(await page.text()).toMatch(/Millrace/);
  } finally {
    if (up.exitCode === null) {
      process.kill(-up.pid!, "SIGINT");
      await once(up, "exit");
    }
  }
});
