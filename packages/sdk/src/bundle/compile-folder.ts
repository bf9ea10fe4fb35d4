/** Compiles a DAG folder: its DAGs' specs, and one bundle with the code of their tasks. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { MillraceError, type CallbackSpec, type DagSpec } from "@millrace/engine";
import { buildModule } from "./build.ts";
import { withDocs } from "./docs.ts";
import { duplicates } from "./duplicates.ts";
import { evaluate, type EvaluateOptions, type FileResult } from "./evaluate.ts";
import { handlerOf } from "./handler.ts";
import {
  aloneConcurrency,
  bundleBytesMax,
  defaultTimeoutMs,
  messageCharsMax,
  sourceBytesMax,
} from "./limits.ts";
import { scanFolder } from "./scan.ts";

export type ImportError = {
  /** Relative to the folder, with "/" between parts. */
  readonly file: string;
  /** What is wrong and where: "<file>:<line>:<column>: …" where that is known. */
  readonly message: string;
};

export type CompiledFolder = {
  /** SHA-256 of `content`, hex. */
  readonly digest: string;
  /** An ES module, gzip. Equal for equal files, on every machine. */
  readonly content: Uint8Array;
  readonly dags: readonly DagSpec[];
  /** At most one for each file; a file with an error brings no DAG. */
  readonly errors: readonly ImportError[];
};

export type CompileOptions = {
  /** How long the top level of one file may run. Default 10,000. */
  readonly timeoutMs?: number;
  /** Ends the compilation. */
  readonly signal?: AbortSignal;
};

/**
 * Compiles every DAG file under `dir`. A file that cannot be compiled, or whose DAGs are refused, becomes an error
 * and harms no other file.
 *
 * @throws MillraceError when the folder as a whole is over a limit; an Error when it cannot be read; the signal's
 * reason when it aborts.
 */
export async function compileFolder(
  dir: string,
  options: CompileOptions = {},
): Promise<CompiledFolder> {
  return (await compileText(dir, options)).compiled;
}

/** Like {@link compileFolder}; `text` is the bundle, unpacked. */
export async function compileText(
  dir: string,
  options: CompileOptions = {},
): Promise<{ readonly compiled: CompiledFolder; readonly text: string }> {
  const root = path.resolve(dir);
  const { timeoutMs = defaultTimeoutMs, signal = new AbortController().signal } = options;
  const files = await scanFolder(root);
  const { results, text: allText } = await loadAll(root, files, { timeoutMs, signal });
  const specs = new Map<string, readonly DagSpec[]>();
  const errors = new Map<string, string>();
  for (const [file, result] of results) {
    if (result.kind === "failed") errors.set(file, result.message);
    else specs.set(file, result.dags);
  }
  for (const [file, message] of duplicates(specs)) {
    errors.set(file, message);
    specs.delete(file);
  }
  const sources = await readSources(root, specs, errors);
  const kept = files.filter((file) => (specs.get(file)?.length ?? 0) > 0);
  const text = kept.length === files.length && allText !== null ? allText : await build(root, kept);
  const content = pack(text);
  const digest = createHash("sha256").update(content).digest("hex");
  const dags = kept.flatMap((file) =>
    (specs.get(file) ?? []).map((spec) => finish(spec, file, sources.get(file) ?? "", digest)),
  );
  return {
    compiled: { digest, content, dags, errors: [...errors].map(importError) },
    text,
  };
}

function importError([file, message]: readonly [string, string]): ImportError {
  const isLong = message.length > messageCharsMax;
  return { file, message: isLong ? `${message.slice(0, messageCharsMax - 1)}…` : message };
}

/** All files at once where that works, since it is quick; else each alone, to find those to blame. */
async function loadAll(
  root: string,
  files: readonly string[],
  options: EvaluateOptions,
): Promise<{ results: ReadonlyMap<string, FileResult>; text: string | null }> {
  const together = await loadTogether(root, files, options);
  if (together.kind === "files") return together;
  const results = new Map<string, FileResult>();
  const queue = [...files];
  const lane = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const alone = await loadTogether(root, [file], options);
      results.set(
        file,
        alone.kind === "files"
          ? (alone.results.get(file) ?? { kind: "loaded", dags: [] })
          : { kind: "failed", message: alone.message },
      );
    }
  };
  await Promise.all(Array.from({ length: aloneConcurrency }, lane));
  return { results: new Map([...results].sort(([a], [b]) => (a < b ? -1 : 1))), text: null };
}

async function loadTogether(root: string, files: readonly string[], options: EvaluateOptions) {
  const built = await buildModule(root, files);
  if (built.kind === "failed") return { kind: "unloadable", message: built.message } as const;
  const evaluation = await evaluate(built.text, files, options);
  return evaluation.kind === "files" ? { ...evaluation, text: built.text } : evaluation;
}

async function build(root: string, files: readonly string[]): Promise<string> {
  const built = await buildModule(root, files);
  if (built.kind === "built") return built.text;
  // Every one of these files was built a moment ago: somebody is writing them right now.
  throw new MillraceError(
    "DAG_INVALID",
    `The folder changed while it was compiled: ${built.message}`,
  );
}

async function readSources(
  root: string,
  specs: Map<string, readonly DagSpec[]>,
  errors: Map<string, string>,
): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  for (const [file, dags] of specs) {
    if (dags.length === 0) continue;
    const source = await readFile(path.join(root, file));
    if (source.length <= sourceBytesMax) {
      sources.set(file, source.toString("utf8"));
      continue;
    }
    specs.delete(file);
    errors.set(
      file,
      `${file}: has ${source.length} bytes; a DAG file may have ${sourceBytesMax}. Move data into files of its own.`,
    );
  }
  return sources;
}

/** The header of gzip names the system that packed; without that, equal text gives equal bytes everywhere. */
function pack(text: string): Uint8Array {
  const content = gzipSync(text, { level: 9 });
  content[9] = 255;
  if (content.length > bundleBytesMax) {
    throw new MillraceError(
      "BUNDLE_TOO_LARGE",
      `The folder's bundle has ${content.length} bytes; at most ${bundleBytesMax} are allowed. Split the folder.`,
    );
  }
  return content;
}

function finish(plain: DagSpec, file: string, source: string, digest: string): DagSpec {
  const spec = withDocs(plain, source);
  const placed = (callbacks: readonly CallbackSpec[]): CallbackSpec[] =>
    callbacks.map((callback) =>
      callback.isExternal
        ? callback
        : { ...callback, handler: handlerOf(file, spec.dagId, callback.handler) },
    );
  const callbacks = placed(spec.callbacks);
  const schedule = placedSchedule(spec, file);
  const tasks = spec.tasks.map((task) => ({
    ...task,
    callbacks: placed(task.callbacks),
    pastDecider: task.pastDecider && handlerOf(file, spec.dagId, task.pastDecider),
    ...(task.kind === "bundle" && { handler: handlerOf(file, spec.dagId, task.id) }),
  }));
  const inBundle =
    schedule?.kind === "custom" ||
    tasks.some((task) => task.kind === "bundle" || task.pastDecider !== null) ||
    [...callbacks, ...tasks.flatMap((task) => task.callbacks)].some((one) => !one.isExternal);
  return {
    ...spec,
    file,
    source,
    bundleDigest: inBundle ? digest : null,
    tasks,
    callbacks,
    schedule,
  };
}

function placedSchedule({ schedule, dagId }: DagSpec, file: string): DagSpec["schedule"] {
  if (schedule?.kind !== "custom") return schedule;
  return { ...schedule, handler: handlerOf(file, dagId, schedule.handler) };
}
