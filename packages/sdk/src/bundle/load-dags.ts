/** Loads the DAGs of a folder into this process, to run them here. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { dagsOf, type DagDefinition } from "../spec.ts";
import { compileText, type CompileOptions, type ImportError } from "./compile-folder.ts";
import { bundleFiles } from "./handler.ts";
import { bundleDirPrefix } from "./limits.ts";
import { provideSdk } from "./sdk-module.ts";

export type LoadedDag = {
  /** Relative to the folder. */
  readonly file: string;
  readonly dag: DagDefinition;
};

export type LoadedDags = {
  readonly dags: readonly LoadedDag[];
  readonly errors: readonly ImportError[];
};

/**
 * Loads what {@link compileFolder} accepts, from the same code a worker would get. Files are tried in a thread first:
 * one that never ends is an error here too, not the end of the caller.
 */
export async function loadDags(dir: string, options: CompileOptions = {}): Promise<LoadedDags> {
  const { compiled, text } = await compileText(dir, options);
  const temporary = await mkdtemp(path.join(tmpdir(), bundleDirPrefix));
  try {
    const modulePath = path.join(temporary, "bundle.mjs");
    await writeFile(modulePath, text);
    provideSdk();
    process.setSourceMapsEnabled(true);
    const module: unknown = await import(/* @vite-ignore */ pathToFileURL(modulePath).href);
    const dags: LoadedDag[] = [];
    for (const [file, load] of Object.entries(bundleFiles(module))) {
      for (const dag of dagsOf(await load())) dags.push({ file, dag });
    }
    const accepted = new Set(compiled.dags.map((spec) => spec.dagId));
    return { dags: dags.filter(({ dag }) => accepted.has(dag.id)), errors: compiled.errors };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
