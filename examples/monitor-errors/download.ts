/** Brings one log file into the run's folder, from a folder, a web server, or the sample server. */
import { createWriteStream } from "node:fs";
import { copyFile, stat } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { serveSampleLogs } from "./sample-server.ts";
import { workFile } from "./work-folder.ts";

export type LogFile = { application: string; file: string; bytes: number };

export type DownloadOptions = {
  /** A folder, an http(s) base URL, or "" for made-up logs. */
  source: string;
  runId: string;
  signal: AbortSignal;
};

export async function downloadLog(
  application: string,
  { source, runId, signal }: DownloadOptions,
): Promise<LogFile> {
  const name = `${application}.log`;
  const file = workFile(runId, name);
  if (source === "") {
    await using server = await serveSampleLogs();
    await fetchTo(new URL(name, server.url), file, signal);
  } else if (/^https?:\/\//.test(source)) {
    await fetchTo(new URL(name, source.endsWith("/") ? source : `${source}/`), file, signal);
  } else {
    await copyFile(join(isAbsolute(source) ? source : resolve(source), name), file);
  }
  return { application, file, bytes: (await stat(file)).size };
}

async function fetchTo(url: URL, file: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal });
  if (!response.ok || !response.body) {
    throw new Error(`${url.href} answered ${response.status} ${response.statusText}`);
  }
  const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  await pipeline(body, createWriteStream(file), { signal });
}
