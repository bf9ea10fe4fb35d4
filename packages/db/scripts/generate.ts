/**
 * Generates the Prisma client from `prisma/models`. Needs no network: the engine that Prisma would fetch is not used here.
 *
 * Prisma reads a folder in the order the file system lists it, and writes that order into the client; so it gets the
 * models as one file, sorted by name, and makes the same client everywhere.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const home = fileURLToPath(new URL("..", import.meta.url));
const models = join(home, "prisma", "models");
// Beside the models, because the client's place is written relative to them.
const together = mkdtempSync(join(home, "prisma", ".together-"));
const schema = join(together, "schema.prisma");
const files = readdirSync(models).toSorted();
writeFileSync(schema, files.map((file) => readFileSync(join(models, file), "utf8")).join("\n"));

const cli = createRequire(import.meta.url).resolve("prisma/build/index.js");
const { status } = spawnSync(process.execPath, [cli, "generate", "--schema", schema], {
  cwd: home,
  stdio: "inherit",
  env: {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true",
    PRISMA_HIDE_UPDATE_MESSAGE: "1",
    CHECKPOINT_DISABLE: "1",
  },
});
rmSync(together, { recursive: true });
process.exitCode = status ?? 1;
