import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { withClient } from "./connect.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "./embedded.ts";
import { silentLog } from "./log.ts";
import { packagedBinaries } from "./server/binaries.ts";
import { isAlive } from "./server/owner.ts";

let dataDir: string;
const running: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

beforeAll(() => {
  // Only its owner may enter what mkdtemp makes: as root, the server's account may not.
  dataDir = join(mkdtempSync(join(tmpdir(), "millrace-embedded-")), "pg");
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const server of running.splice(0)) await server.stop();
  await expect
    .poll(() => serverPid() === null || !isAlive(serverPid()!), { timeout: 20_000 })
    .toBe(true);
});
afterAll(() => rmSync(join(dataDir, ".."), { recursive: true }));

async function start(): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir });
  running.push(server);
  return server;
}

const keep = "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer";

function serverPid(): number | null {
  try {
    return Number(readFileSync(join(dataDir, "data", "postmaster.pid"), "utf8").split("\n")[0]);
  } catch {
    return null;
  }
}

const ask = (server: { url: string }, sql: string) =>
  withClient(server.url, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);

/** Another Millrace on the directory, in a process group of its own; resolves when its server runs. */
async function startElsewhere(
  then = "",
  options: object = { dataDir },
): Promise<{ child: ChildProcess; url: string; lines: AsyncIterator<string> }> {
  const script = `
    import { startEmbeddedPostgres } from ${JSON.stringify(new URL("./embedded.ts", import.meta.url).href)};
    import { withClient } from ${JSON.stringify(new URL("./connect.ts", import.meta.url).href)};
    const server = await startEmbeddedPostgres(${JSON.stringify(options)});
    console.log(server.url);
    const stay = setInterval(() => {}, 1000);
    ${then}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  return { child, url: String(first.value), lines };
}

describe("a directory", () => {
  test("that was half made is made anew", async () => {
    mkdirSync(join(dataDir, "data.new"), { recursive: true });
    writeFileSync(join(dataDir, "data.new", "PG_VERSION"), "18");

    expect(await ask(await start(), "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  test("keeps its data, port and password over starts, and the password to its owner", async () => {
    const first = await start();
    await ask(first, keep);
    await first.stop();

    const second = await start();

    expect(second.url).toBe(first.url);
    expect(await ask(second, "SELECT * FROM kept")).toEqual([{ answer: 42 }]);
    expect(statSync(join(dataDir, "password")).mode & 0o777).toBe(0o600);
  });

  test("of a running Millrace is refused in one sentence that names the process", async () => {
    await start();

    await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
      reason: "EMBEDDED_POSTGRES_IN_USE",
      metadata: { pid: String(process.pid) },
    });
  });

  test("whose port somebody else took gets another one", async () => {
    const first = await start();
    await first.stop();
    const taken = createServer().listen(Number(new URL(first.url).port), "127.0.0.1");
    await once(taken, "listening");

    const second = await start();

    expect(new URL(second.url).port).not.toBe(new URL(first.url).port);
    taken.close();
  });

  test("with data of another version is refused, and the message says what to do", async () => {
    const first = await start();
    await first.stop();
    const file = join(dataDir, "data", "PG_VERSION");
    const version = readFileSync(file, "utf8");
    writeFileSync(file, "14\n");

    await expect(start()).rejects.toThrow(/data of PostgreSQL 14, and this is PostgreSQL 18. Dump/);
    writeFileSync(file, version);
  });
});

test("the server is durable, on loopback, in UTF-8, and asks for the password", async () => {
  const server = await start();

  const settings =
    "fsync synchronous_commit full_page_writes listen_addresses server_encoding".split(" ");
  const [row] = await ask(
    server,
    `SELECT ${settings.map((name) => `current_setting('${name}') AS ${name}`).join(", ")}`,
  );
  expect(Object.values(row!)).toEqual(["on", "on", "on", "127.0.0.1", "UTF8"]);
  expect(await ask(server, "SELECT upper('é') AS word")).toEqual([{ word: "É" }]);
  const wrong = new URL(server.url);
  wrong.password = "guess";
  await expect(ask({ url: wrong.href }, "SELECT 1")).rejects.toThrow(
    /password authentication failed/,
  );
});

describe("a Millrace that is killed", () => {
  test("takes its server with it, and the next start has the data", async () => {
    const before = await startElsewhere();
    await ask(before, keep);
    const pid = serverPid()!;

    before.child.kill("SIGKILL");
    await once(before.child, "exit");
    const after = await start();

    expect(isAlive(pid)).toBe(false);
    expect(await ask(after, "SELECT * FROM kept")).toEqual([{ answer: 42 }]);
  });

  /** Killed together with the keeper that would stop its server; the server's process. */
  async function killedWithKeeper(): Promise<number> {
    const before = await startElsewhere();
    await ask(before, keep);
    const pid = serverPid()!;
    // The Millrace has two children: the server, and the keeper.
    const children = `/proc/${before.child.pid}/task/${before.child.pid}/children`;
    const others = readFileSync(children, "utf8").trim().split(" ").map(Number);
    for (const keeper of others.filter((other) => other !== pid)) process.kill(keeper, "SIGKILL");
    before.child.kill("SIGKILL");
    await once(before.child, "exit");
    return pid;
  }

  test.skipIf(process.platform !== "linux")(
    "leaves a server without keeper, which the next start ends",
    async () => {
      const pid = await killedWithKeeper();
      expect(isAlive(pid)).toBe(true);

      const after = await start();

      expect(isAlive(pid)).toBe(false);
      expect(await ask(after, "SELECT * FROM kept")).toEqual([{ answer: 42 }]);
    },
  );

  test.skipIf(process.platform !== "linux")(
    "leaves a server that may have ended by the time that the next start tells it to",
    async () => {
      const pid = await killedWithKeeper();
      // Said just before: as if a keeper had been quicker.
      const warn = () => {
        process.kill(pid, "SIGINT");
        const nap = new Int32Array(new SharedArrayBuffer(4));
        // Until nobody has its id any more; where the system keeps that of a dead process, until it is dead.
        for (let naps = 0; isAlive(pid) || (naps < 500 && existsSync(`/proc/${pid}`)); naps += 1)
          Atomics.wait(nap, 0, 0, 20);
      };
      running.push(await startEmbeddedPostgres({ dataDir, log: { ...silentLog, warn } }));

      expect(await ask(running[0]!, "SELECT * FROM kept")).toEqual([{ answer: 42 }]);
    },
  );

  test("leaves a lock file whose process id is another program's now", async () => {
    const before = await start();
    const lock = readFileSync(join(dataDir, "data", "postmaster.pid"), "utf8");
    await before.stop();
    writeFileSync(
      join(dataDir, "data", "postmaster.pid"),
      lock.replace(/^\d+/, String(process.pid)),
    );

    expect(await ask(await start(), "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });
});

test("Ctrl+C reaches the Millrace and not its server, which still answers and then stops", async () => {
  const { child, lines } = await startElsewhere(`
    process.on("SIGINT", async () => {
      await withClient(server.url, (client) => client.query("SELECT 1"));
      await server.stop();
      clearInterval(stay);
      console.log("stopped");
    });
    console.log("ready");`);
  await lines.next();
  const pid = serverPid()!;

  process.kill(-child.pid!, "SIGINT");

  expect((await lines.next()).value).toBe("stopped");
  await once(child, "exit");
  expect(isAlive(pid)).toBe(false);
});

test("a throw-away directory is gone after the server, even when the process was killed", async () => {
  const dir = mkdtempSync(join(tmpdir(), "millrace-embedded-"));
  const { child } = await startElsewhere("", { dataDir: dir, isThrowAway: true });

  child.kill("SIGKILL");

  await expect.poll(() => existsSync(dir), { timeout: 20_000 }).toBe(false);
});

test("programs installed below a directory that only root may enter are found by the account they run as", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-embedded-"));
  const installed = packagedBinaries();
  const native = join(folder, "native");
  cpSync(join(installed.postgres, "..", ".."), native, { recursive: true, verbatimSymlinks: true });
  const bin = join(native, "bin");
  const binaries = { ...installed, initdb: join(bin, "initdb"), postgres: join(bin, "postgres") };
  try {
    const server = await startEmbeddedPostgres({ dataDir: join(folder, "pg"), binaries });
    running.push(server);
    expect(await ask(server, "SELECT 42 AS answer")).toEqual([{ answer: 42 }]);
  } finally {
    await running.pop()?.stop();
    rmSync(folder, { recursive: true });
  }
});

test("a directory that cannot be made is named, with what to do", async () => {
  const file = join(dataDir, "..", "file");
  writeFileSync(file, "");

  await expect(startEmbeddedPostgres({ dataDir: join(file, "pg") })).rejects.toMatchObject({
    reason: "EMBEDDED_POSTGRES_FAILED",
    message: expect.stringContaining("choose another directory") as string,
  });
});

test("stopping twice is stopping once, and whoever waits for the end hears of it", async () => {
  const server = await start();
  const pid = serverPid()!;

  await Promise.all([server.stop(), server.stop()]);
  await server.ended;

  expect(isAlive(pid)).toBe(false);
  await server.stop();
});
