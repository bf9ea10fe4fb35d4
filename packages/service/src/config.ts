/**
 * Settings of a process: flags, then environment, then `millrace.config.ts`, then defaults.
 * A schema is a flat zod object; a setting's environment variable follows from its name: `grpcPort` is `MILLRACE_GRPC_PORT`.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { MillraceError } from "@millrace/engine";
import type { z } from "zod";

export type ConfigSchema = z.ZodObject<Record<string, z.ZodType>>;
export type ConfigSource = "flag" | "environment" | "file" | "default";

export type LoadedConfig<S extends ConfigSchema> = {
  readonly values: z.infer<S>;
  readonly sources: Readonly<Record<string, ConfigSource>>;
};

export type ConfigInputs = {
  /** By setting name; undefined means not given. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where `millrace.config.ts` or `.js` is looked for. Default: the working directory. */
  readonly cwd?: string;
  /** Environment variables of other roles, which are no mistake here. */
  readonly otherVariables?: readonly string[];
};

/** Names that everybody knows, beside the `MILLRACE_` ones. */
const wellKnown: Readonly<Record<string, string>> = {
  databaseUrl: "DATABASE_URL",
  natsUrl: "NATS_URL",
};

/** For the tests of this repository, and of people who write DAGs. */
const alwaysAllowed = /^MILLRACE_TEST_/;

/** Marks a setting as one whose value is never printed. */
export function secret<T extends z.ZodType>(type: T): T {
  return type.meta({ secret: true });
}

/** Throws FIELD_INVALID naming the setting, where its value came from, and what would be right. */
export async function loadConfig<S extends ConfigSchema>(
  schema: S,
  inputs: ConfigInputs = {},
): Promise<LoadedConfig<S>> {
  const names = Object.keys(schema.shape);
  const env = inputs.env ?? process.env;
  refuseUnknownVariables(names, env, inputs.otherVariables ?? []);
  const file = await readConfigFile(inputs.cwd ?? process.cwd());
  refuseUnknownSettings(names, file);

  const given: Record<string, unknown> = {};
  const sources: Record<string, ConfigSource> = {};
  for (const name of names) {
    const [source, value] = find(name, schema, { flags: inputs.flags ?? {}, env, file });
    sources[name] = source;
    if (value !== undefined) given[name] = value;
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw invalid(parsed.error.issues[0], schema, given, sources);
  return { values: parsed.data, sources };
}

/** One line a setting: name, value, source. Secrets are hidden. */
export function describeConfig<S extends ConfigSchema>(
  schema: S,
  loaded: LoadedConfig<S>,
): string[] {
  const values = loaded.values as Record<string, unknown>;
  return Object.entries(schema.shape).map(([name, type]) => {
    const value = values[name];
    const shown =
      isSecret(type) && value !== undefined ? "[hidden]" : (JSON.stringify(value) ?? "unset");
    return `${name} = ${shown} (${loaded.sources[name] ?? "default"})`;
  });
}

/** A mark stays on a type that was made optional or given a default after it. */
function isSecret(type: z.ZodType): boolean {
  if (type.meta()?.["secret"] === true) return true;
  const { innerType } = type.def as { innerType?: z.ZodType };
  return innerType !== undefined && isSecret(innerType);
}

/** `grpcPort` -> `MILLRACE_GRPC_PORT` */
export function variableOf(name: string): string {
  return (
    wellKnown[name] ?? `MILLRACE_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
  );
}

type Places = {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: Readonly<Record<string, unknown>>;
};

function find(
  name: string,
  schema: ConfigSchema,
  { flags, env, file }: Places,
): [ConfigSource, unknown] {
  if (flags[name] !== undefined) return ["flag", flags[name]];
  const text = env[variableOf(name)];
  if (text !== undefined && text !== "") return ["environment", fromText(text, schema.shape[name])];
  if (file[name] !== undefined) return ["file", file[name]];
  return ["default", undefined];
}

/** Environment variables are text: a setting that takes no text gets a number, a truth value or a list. */
function fromText(text: string, type: z.ZodType | undefined): unknown {
  if (type?.safeParse(text).success === true) return text;
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  const number = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
  if (number !== null && type?.safeParse(number).success === true) return number;
  const list = text.split(",").map((part) => part.trim());
  if (type?.safeParse(list).success === true) return list;
  // Wrong in any form: a number is told which numbers are right.
  return number ?? text;
}

async function readConfigFile(cwd: string): Promise<Record<string, unknown>> {
  const path = ["millrace.config.ts", "millrace.config.js"]
    .map((name) => join(cwd, name))
    .find((each) => existsSync(each));
  if (path === undefined) return {};
  const loaded = (await import(pathToFileURL(path).href)) as { default?: unknown };
  if (typeof loaded.default !== "object" || loaded.default === null) {
    throw new MillraceError(
      "FIELD_INVALID",
      `${path} has no default export; write: export default { … }`,
    );
  }
  return loaded.default as Record<string, unknown>;
}

function refuseUnknownVariables(
  names: readonly string[],
  env: Places["env"],
  others: readonly string[],
): void {
  const known = [...names.map(variableOf), ...others];
  for (const variable of Object.keys(env)) {
    if (
      !variable.startsWith("MILLRACE_") ||
      alwaysAllowed.test(variable) ||
      known.includes(variable)
    )
      continue;
    throw new MillraceError(
      "FIELD_INVALID",
      `${variable} is not a setting.${suggestion(variable, known)}`,
    );
  }
}

function refuseUnknownSettings(names: readonly string[], file: Places["file"]): void {
  for (const name of Object.keys(file)) {
    if (names.includes(name)) continue;
    throw new MillraceError(
      "FIELD_INVALID",
      `millrace.config: ${name} is not a setting.${suggestion(name, names)}`,
    );
  }
}

function invalid(
  issue: z.core.$ZodIssue | undefined,
  schema: ConfigSchema,
  given: Readonly<Record<string, unknown>>,
  sources: Readonly<Record<string, ConfigSource>>,
): MillraceError {
  const name = String(issue?.path[0] ?? "config");
  const source = sources[name] ?? "default";
  const where =
    source === "environment" ? variableOf(name) : source === "flag" ? `flag ${name}` : name;
  const type = schema.shape[name];
  const value = type !== undefined && isSecret(type) ? "" : ` is ${JSON.stringify(given[name])}`;
  return new MillraceError("FIELD_INVALID", `${where}${value}: ${issue?.message ?? "invalid"}`);
}

function suggestion(wrong: string, known: readonly string[]): string {
  const [nearest] = known
    .map((name) => ({ name, distance: editDistance(wrong, name) }))
    .sort((a, b) => a.distance - b.distance);
  if (nearest === undefined || nearest.distance > Math.ceil(wrong.length / 3)) return "";
  return ` Did you mean ${nearest.name}?`;
}

/** Levenshtein's, over two rows. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitute, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
