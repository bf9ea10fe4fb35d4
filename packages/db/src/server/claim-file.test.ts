import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimFile } from "./claim-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-claim-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a file is made once, for its owner only when that is asked for, and left as it is after that", () => {
  const file = join(folder, "key");
  expect([claimFile(file, "first", 0o600), claimFile(file, "second")]).toEqual([true, false]);
  expect(readFileSync(file, "utf8")).toBe("first");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["key"]);
});

// Two nodes that shared a folder of keys once started at the same moment: one read the file that the other had made, and not
// written to yet, and ended.
test("of threads that claim a file at the same moment one makes it, and the others read all of it", async () => {
  const rounds = 300;
  const racer = `
    const { readFileSync } = require("node:fs");
    const { parentPort, workerData, threadId } = require("node:worker_threads");
    import(workerData.module).then(({ claimFile }) => {
      const meet = new Int32Array(workerData.meet);
      const seen = [];
      for (let round = 0; round < workerData.rounds; round += 1) {
        Atomics.add(meet, round, 1);
        while (Atomics.load(meet, round) < 2);
        const file = workerData.folder + "/" + round;
        const isMine = claimFile(file, String(threadId).padStart(40));
        seen.push([isMine, readFileSync(file, "utf8").length]);
      }
      parentPort.postMessage(seen);
    });`;
  const workerData = {
    rounds,
    folder,
    meet: new SharedArrayBuffer(4 * rounds),
    module: new URL("./claim-file.ts", import.meta.url).href,
  };
  const threads = [0, 1].map(() => new Worker(racer, { eval: true, workerData }));
  const [one = [], other = []] = await Promise.all(
    threads.map(
      (thread) =>
        new Promise<[boolean, number][]>((resolve, reject) =>
          thread.once("message", resolve).once("error", reject),
        ),
    ),
  );
  expect(one.length).toBe(rounds);
  for (const [at, [isMine, length]] of one.entries()) {
    expect([!isMine, 40, 40]).toEqual([other[at]![0], length, other[at]![1]]);
  }
});
