/**
 * Makes the tarballs of the published packages, console included:
 *
 *   node scripts/pack.ts <folder>
 *
 * npm packs from a copy of the rooms it needs, because while a package is packed its published manifest stands in the
 * place of its own, and nobody else should see that.
 */
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildConsoleIfStale } from "./console-build.ts";

const run = promisify(execFile);
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Workspaces that are published, each after those it depends on. */
const published = [
  "packages/sdk",
  "packages/operators",
  "packages/testing",
  "packages/cli",
  "apps/console",
];

/** What packing reads. */
const copied = [
  "packages",
  "services",
  "apps",
  "scripts",
  "package.json",
  "tsconfig.json",
  "tsconfig.base.json",
  "LICENSE",
];
const left = new Set(["node_modules", "dist", ".turbo", "cache"]);

/** Packs everything that is published; resolves with the paths of the tarballs. */
export async function packPublished(destination: string): Promise<string[]> {
  buildConsoleIfStale(root);
  mkdirSync(destination, { recursive: true });
  const copy = mkdtempSync(join(tmpdir(), "millrace-pack-"));
  try {
    copyRooms(copy);
    const tarballs: string[] = [];
    for (const workspace of published) {
      const args = ["pack", "--json", "--pack-destination", resolve(destination)];
      const { stdout } = await run("npm", args, {
        cwd: join(copy, workspace),
        maxBuffer: 64 * 1024 * 1024,
      });
      tarballs.push(join(resolve(destination), filenameIn(stdout)));
    }
    return tarballs;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** npm answers with a list or, since 11.19, with an object by package name. */
function filenameIn(answer: string): string {
  const packed = Object.values(JSON.parse(answer) as Record<string, { filename: string }>)[0]!;
  return basename(packed.filename);
}

/** The rooms with their times (a built console stays fresh), and `node_modules` that lead to the copies of ours. */
function copyRooms(to: string): void {
  for (const name of copied) {
    cpSync(join(root, name), join(to, name), {
      recursive: true,
      preserveTimestamps: true,
      filter: (path) => !left.has(basename(path)),
    });
  }
  const modules = join(root, "node_modules");
  mkdirSync(join(to, "node_modules", "@millrace"), { recursive: true });
  for (const name of readdirSync(modules)) {
    if (name !== "@millrace") symlinkSync(join(modules, name), join(to, "node_modules", name));
  }
  for (const rooms of ["packages", "services", "apps"]) {
    for (const room of readdirSync(join(to, rooms))) linkRoom(to, join(rooms, room));
  }
}

function linkRoom(to: string, room: string): void {
  const manifest = join(to, room, "package.json");
  if (!existsSync(manifest)) return;
  const { name } = JSON.parse(readFileSync(manifest, "utf8")) as { name: string };
  symlinkSync(join(to, room), join(to, "node_modules", name));
  // Dependencies that it has in a version of its own.
  const own = join(root, room, "node_modules");
  if (existsSync(own)) symlinkSync(own, join(to, room, "node_modules"));
}

if (import.meta.main) {
  const destination = process.argv[2];
  if (!destination)
    throw new Error("Name the folder for the tarballs: node scripts/pack.ts <folder>");
  for (const file of await packPublished(destination)) console.log(relative(process.cwd(), file));
}
