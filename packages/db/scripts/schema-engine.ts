/**
 * Prisma's schema engine as WebAssembly: compares the models with a database, needs no download. It is an internal package of
 * Prisma, so it is used here only, and only in development.
 */

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as engineModule from "@prisma/schema-engine-wasm/schema_engine_bg";

const modelsDir = fileURLToPath(new URL("../prisma/models", import.meta.url));

/** Tables that the models leave out on purpose. */
const unmanagedTables = ["public._prisma_migrations"];

/**
 * The engine asks the catalogue for columns of Postgres's one-byte type "char", which the adapter cannot read: as text it can.
 * CHECK constraints are left out, because the models cannot express them.
 */
function readable(sql: string): string {
  return sql
    .replace("constr.contype AS constraint_type", "constr.contype::text AS constraint_type")
    .replace("AND contype NOT IN ('p', 'u', 'f')", "AND false")
    .replace("con.confdeltype,", "con.confdeltype::text AS confdeltype,")
    .replace("con.confupdtype,", "con.confupdtype::text AS confupdtype,");
}

class CatalogueAdapter extends PrismaPg {
  override async connect(): ReturnType<PrismaPg["connect"]> {
    const adapter = await super.connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = (query) => queryRaw({ ...query, sql: readable(query.sql) });
    return adapter;
  }
}

/** TypeScript declares WebAssembly with the browser's types only. */
const { WebAssembly: wasm } = globalThis as unknown as {
  WebAssembly: {
    instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Exports } }>;
  };
};
type Exports = { readonly __wbindgen_start: () => void };

let loaded: Promise<typeof engineModule.SchemaEngine> | null = null;

function loadEngine(): Promise<typeof engineModule.SchemaEngine> {
  loaded ??= (async () => {
    const entry = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm");
    const bytes = readFileSync(join(dirname(entry), "schema_engine_bg.wasm"));
    const { instance } = await wasm.instantiate(bytes, { "./schema_engine_bg.js": engineModule });
    engineModule.__wbg_set_wasm(instance.exports);
    instance.exports.__wbindgen_start();
    return engineModule.SchemaEngine;
  })();
  return loaded;
}

function modelFiles(): { path: string; content: string }[] {
  return readdirSync(modelsDir)
    .sort()
    .map((path) => ({ path, content: readFileSync(join(modelsDir, path), "utf8") }));
}

/** The SQL that would bring this database to what the models say; a comment only when they agree. */
export async function sqlFromDatabaseToModels(url: string): Promise<string> {
  const Engine = await loadEngine();
  const files = modelFiles();
  const adapter = bindMigrationAwareSqlAdapterFactory(
    new CatalogueAdapter({ connectionString: url }),
  );
  const engine = await Engine.new(
    { datamodels: files.map(({ path, content }): [string, string] => [path, content]) },
    () => {},
    adapter,
  );
  try {
    const { stdout } = await engine.diff({
      from: { tag: "schemaDatasource", files, configDir: modelsDir },
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: null,
      filters: { externalTables: unmanagedTables, externalEnums: [] },
    });
    return stdout ?? "";
  } finally {
    engine.free();
  }
}
