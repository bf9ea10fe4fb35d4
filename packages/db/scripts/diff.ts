/** Drafts the SQL of the next migration: what the models say and the migrations do not. Read it line by line before keeping it. */

import { testDatabase } from "../src/testing.ts";
import { sqlFromDatabaseToModels } from "./schema-engine.ts";

await using database = await testDatabase();
process.stdout.write(await sqlFromDatabaseToModels(database.url));
