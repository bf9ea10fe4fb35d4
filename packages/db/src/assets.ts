/** The only place that knows where this package's files lie: in `assets/` beside a bundled file, else beside `src/`. */

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const bundled = new URL("./assets/", import.meta.url);
const root = new URL("../", import.meta.url);

function locate(inBundle: string, inSource: string): string {
  const beside = new URL(inBundle, bundled);
  return fileURLToPath(existsSync(beside) ? beside : new URL(inSource, root));
}

/** Migrations by folder, as Prisma lays them out. A bundle carries them as `assets/migrations/`. */
export function migrationsDir(): string {
  return locate("migrations/", "prisma/migrations/");
}

const texts = new Map<string, string>();

/** Text of a statement in `sql/`, read once. A bundle carries them as `assets/sql/`. */
export function sqlText(name: string): string {
  let text = texts.get(name);
  if (text === undefined) {
    text = readFileSync(locate(`sql/${name}.sql`, `sql/${name}.sql`), "utf8");
    texts.set(name, text);
  }
  return text;
}
