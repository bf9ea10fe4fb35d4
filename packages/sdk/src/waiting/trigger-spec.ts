/** What a trigger is to workers and test runners: plain data, values not yet encoded. */

import type { ExternalWait } from "@millrace/engine";

/** What ends a wait. Times are milliseconds. */
export type TriggerSpec =
  | { readonly kind: "time"; readonly at: number | null; readonly afterMs: number | null }
  | { readonly kind: "token"; readonly heartbeatMs: number | null }
  | { readonly kind: "input"; readonly form: FormSpec }
  | { readonly kind: "runs"; readonly wait: ExternalWait }
  | WatchSpec;

/** What a triggerer watches. */
export type WatchSpec = {
  readonly kind: "watch";
  /** "http", "file", or a name that a triggerer has a function for. */
  readonly handler: string;
  readonly config: unknown;
  /** For people. */
  readonly summary: string;
};

/** What a person is asked. */
export type FormSpec = {
  readonly subject: string;
  /** Markdown; empty for none. */
  readonly body: string;
  /** JSON Schema of an object, as text. */
  readonly schema: string;
  /** Null for none. */
  readonly defaults: object | null;
  /** Empty for everybody who may trigger the DAG. */
  readonly assignees: readonly string[];
};

/** What a triggerer that polls a URL is told. */
export type HttpWatch = {
  readonly url: string;
  readonly method: string;
  /** A text, or where in the worker's environment it is. */
  readonly headers: Readonly<Record<string, string | { readonly env: string }>>;
  readonly body: string | null;
  readonly intervalMs: number;
  /** Statuses that are waited for; empty for 200 to 299. */
  readonly status: readonly number[];
  readonly until: { readonly path: readonly (string | number)[]; readonly equals: unknown } | null;
};

/** What a triggerer that looks for a file is told. */
export type FileWatch = { readonly path: string; readonly intervalMs: number };
