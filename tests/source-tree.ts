/** The files of the repository that people write, for tests that look at all of them. */

import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Folders of which nobody writes anything by hand. */
const unwritten = new Set(
  ["node_modules", ".git", ".venv", ".next", ".turbo", ".millrace"].concat([
    "dist",
    "gen",
    "_gen",
    "coverage",
    "__pycache__",
    "test-results",
  ]),
);

export type SourceFile = {
  /** From the root, with "/" between parts. */
  readonly path: string;
  readonly name: string;
  readonly text: string;
};

/** Every file with one of these endings, in the order of paths. */
export function filesEnding(...endings: readonly string[]): readonly SourceFile[] {
  return [...pathsBelow(root)]
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .toSorted()
    .map((path) => ({
      path: relative(root, path).replaceAll("\\", "/"),
      name: basename(path),
      text: readFileSync(path, "utf8"),
    }));
}

export function textOf(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

function* pathsBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isFile()) yield path;
    else if (entry.isDirectory() && !unwritten.has(entry.name)) yield* pathsBelow(path);
  }
}
