/** Files and URLs as targets. */

import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileTarget, writeFileAtomically } from "./file.ts";
import { httpTarget } from "./http.ts";

let dir: string;
const site = createServer((request, response) => {
  const status = Number(request.url?.slice(1, 4));
  response.statusCode = request.headers["x-key"] === "wrong" ? 401 : status;
  response.end(request.method === "GET" ? "the body" : undefined);
});
let url: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "millrace-targets-"));
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
});
afterAll(async () => {
  site.closeAllConnections();
  site.close();
  await rm(dir, { recursive: true, force: true });
});

describe("a file", () => {
  test("exists once it is written, as a whole", async () => {
    const file = path.join(dir, "a", "b", "out.json");
    const target = fileTarget(file, { read: (text) => JSON.parse(text) as number[] });
    expect(target.name).toBe(pathToFileURL(file).href);
    expect(await target.exists()).toBe(false);
    await writeFileAtomically(file, "[1]");
    await writeFileAtomically(file, "[1,2]");
    expect(await target.exists()).toBe(true);
    expect(await target.read()).toEqual([1, 2]);
    expect(await readFile(file, "utf8")).toBe("[1,2]");
    expect(await readdir(path.dirname(file))).toEqual(["out.json"]);
  });

  test("what cannot be written leaves nothing behind", async () => {
    const folder = path.join(dir, "folder");
    await mkdir(path.join(folder, "in the way"), { recursive: true });
    await expect(writeFileAtomically(folder, "x")).rejects.toThrow();
    expect((await readdir(dir)).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("a folder exists once something is in it", async () => {
    const folder = path.join(dir, "empty");
    await mkdir(folder);
    expect(await fileTarget(folder).exists()).toBe(false);
    await writeFileAtomically(path.join(folder, "x"), "");
    expect(await fileTarget(folder).exists()).toBe(true);
    // No folder on the way, but a file.
    expect(await fileTarget(path.join(folder, "x", "y")).exists()).toBe(false);
  });
});

describe("a URL", () => {
  test.each([
    [200, true],
    [204, true],
    [404, false],
    [410, false],
  ])("that answers %i says %s", async (status, exists) => {
    expect(await httpTarget(`${url}/${status}`).exists()).toBe(exists);
  });

  test.each([301, 403, 500])("that answers %i says neither", async (status) => {
    const asked = httpTarget(`${url}/${status}?key=secret`).exists();
    await expect(asked).rejects.toThrow(
      `HEAD ${url}/${status} answered ${status}, which says neither that the target exists nor that it does not.`,
    );
  });

  test("is read, with headers", async () => {
    const target = httpTarget(`${url}/200`, { read: (body) => body.length });
    expect(await target.read()).toBe(8);
    const refused = httpTarget(`${url}/200`, { method: "GET", headers: { "x-key": "wrong" } });
    await expect(refused.exists()).rejects.toThrow("answered 401");
  });
});
