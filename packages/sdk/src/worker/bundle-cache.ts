/** Bundles on this machine's disk, by digest. */

import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { MillraceError } from "@millrace/engine";
import { bundleBytesMax, bundleTextBytesMax } from "../bundle/limits.ts";

const unpack = promisify(gunzip);
const digestPattern = /^[0-9a-f]{64}$/;

export class BundleCache {
  readonly #dir: string;
  readonly #download: (digest: string) => Promise<Buffer>;
  readonly #ready = new Map<string, string>();
  readonly #fetching = new Map<string, Promise<string>>();

  /** @param dir made when missing, readable by this user alone: what lies in it is executed. */
  constructor(dir: string, download: (digest: string) => Promise<Buffer>) {
    this.#dir = dir;
    this.#download = download;
  }

  /** The module's file, if it has been checked already. */
  ready(digest: string): string | undefined {
    return this.#ready.get(digest);
  }

  /** The module's file, from the disk or from the server; asked for many times at once, fetched once. */
  fetch(digest: string): Promise<string> {
    let fetching = this.#fetching.get(digest);
    if (fetching === undefined) {
      fetching = this.#prepare(digest).finally(() => this.#fetching.delete(digest));
      this.#fetching.set(digest, fetching);
    }
    return fetching;
  }

  async #prepare(digest: string): Promise<string> {
    if (!digestPattern.test(digest)) {
      throw new MillraceError(
        "BUNDLE_NOT_FOUND",
        `"${digest}" is no digest of a bundle: 64 hexadecimal digits`,
      );
    }
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const packed = path.join(this.#dir, `${digest}.mjs.gz`);
    let content = await readIfThere(packed);
    if (content === null || digestOf(content) !== digest) {
      content = await this.#download(digest);
      const actual = digestOf(content);
      if (actual !== digest) {
        throw new MillraceError(
          "BUNDLE_DIGEST_MISMATCH",
          `The server sent ${content.length} bytes with the digest ${actual} for the bundle ${digest}`,
        );
      }
      await replace(packed, content);
    }
    const text = await unpack(content, { maxOutputLength: bundleTextBytesMax });
    const modulePath = path.join(this.#dir, `${digest}.mjs`);
    // A machine that lost power may have left a file that is shorter than it should be.
    const present = await readIfThere(modulePath);
    if (present === null || !present.equals(text)) await replace(modulePath, text);
    this.#ready.set(digest, modulePath);
    return modulePath;
  }
}

/** Puts together what a stream of pieces brings, within the limit. */
export async function gather(
  pieces: AsyncIterable<{ readonly content: Uint8Array }>,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const { content } of pieces) {
    bytes += content.length;
    if (bytes > bundleBytesMax) {
      throw new MillraceError(
        "BUNDLE_TOO_LARGE",
        `The server sends more than the ${bundleBytesMax} bytes a bundle may have`,
      );
    }
    parts.push(content);
  }
  return Buffer.concat(parts);
}

function digestOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** Other workers may share the folder: they see the whole file or none. */
async function replace(file: string, content: Uint8Array): Promise<void> {
  const temporary = `${file}.${randomUUID()}`;
  try {
    await writeFile(temporary, content, { mode: 0o600 });
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}
