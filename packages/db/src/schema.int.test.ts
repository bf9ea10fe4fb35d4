import { afterAll, beforeAll, expect, test } from "vitest";

import { sqlFromDatabaseToModels } from "../scripts/schema-engine.ts";
import { schemaText } from "../scripts/schema-text.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

/** Of no interest: what Prisma's engine says when there is nothing to say. */
const nothingToDo = /^-- This is an empty migration\.\s*$/;

test("the Prisma models and the migrations agree, wherever Prisma can express a thing", async () => {
  // It cannot express, and does not see: CHECKs, partial indexes, sequences, storage parameters.
  expect(await sqlFromDatabaseToModels(database.url)).toMatch(nothingToDo);
});

test("a column, a key or an index that only one of them has is noticed", async () => {
  await using other = await testDatabase();
  await other.db.pool.query("ALTER TABLE dag DROP COLUMN owner");
  await other.db.pool.query("ALTER TABLE event ADD COLUMN surplus int");
  await other.db.pool.query("DROP INDEX dag_changed");
  await other.db.pool.query("ALTER TABLE dag_version DROP CONSTRAINT dag_version_dag_id_fkey");

  const sql = await sqlFromDatabaseToModels(other.url);

  expect(sql).toMatch(/ALTER TABLE "dag" ADD COLUMN +"owner" TEXT NOT NULL/);
  expect(sql).toMatch(/ALTER TABLE "event" DROP COLUMN "surplus"/);
  expect(sql).toMatch(/CREATE INDEX "dag_changed"/);
  expect(sql).toMatch(/ADD CONSTRAINT "dag_version_dag_id_fkey"/);
});

test("every field of every model can be read", async () => {
  const { prisma } = database.db;
  const models = Object.entries(prisma).filter(
    (entry): entry is [string, { findFirst(): Promise<unknown> }] =>
      typeof (entry[1] as { findFirst?: unknown } | null)?.findFirst === "function",
  );

  expect(models.length).toBeGreaterThan(10);
  for (const [, model] of models) await model.findFirst();
});

test("schema.sql shows the tables as they are", async () => {
  await expect(await schemaText(database.db.pool)).toMatchFileSnapshot("../prisma/schema.sql");
});
