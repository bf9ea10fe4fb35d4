/** The text of a statement of `packages/db/sql`. */

import { readFileSync } from "node:fs";

const known = new Map<string, string>();

export function sqlText(name: string): string {
  let text = known.get(name);
  if (text === undefined) {
    const file = new URL(`../../../packages/db/sql/${name}.sql`, import.meta.url);
    text = readFileSync(file, "utf8");
    known.set(name, text);
  }
  return text;
}
