/** The workers that have to pass, and how each is started. A worker in another language is one more row. */

import { mkdtempSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { preparePython } from "../../../scripts/python-venv.mjs";

/** Every worker takes these options on its command line. */
export type WorkerFlags = Readonly<
  Record<
    | "server"
    | "key-file"
    | "queue"
    | "slots"
    | "trigger-slots"
    | "name"
    | "cancel-grace"
    | "drain-grace",
    string
  >
>;

/** Abilities that not every worker has. */
type Ability = "remembers settled attempts";

export type WorkerUnderTest = {
  readonly name: string;
  /** How `OpenSession.sdk` begins. */
  readonly sdk: string;
  /** What it is known not to do yet: those scenarios must fail, and say so by failing when they no longer do. */
  readonly lacks: readonly Ability[];
  /** The command; `folder` may be written to. */
  command(flags: WorkerFlags, folder: string): string[];
};

const here = path.dirname(fileURLToPath(import.meta.url));

export const typescriptWorker: WorkerUnderTest = {
  name: "TypeScript",
  sdk: "typescript ",
  lacks: [],
  command: (flags, folder) => [
    process.execPath,
    path.join(here, "typescript.ts"),
    ...flagged(flags),
    "--cache",
    mkdtempSync(path.join(folder, "cache-")),
  ],
};

export const pythonWorker: WorkerUnderTest = {
  name: "Python",
  sdk: "python ",
  lacks: [],
  command: (flags) => [
    preparePython(),
    "-B",
    "-m",
    "millrace",
    path.join(here, "handlers.py"),
    ...flagged(flags),
  ],
};

function flagged(flags: Partial<WorkerFlags>): string[] {
  return Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
}
