import { defineConfig } from "prisma/config";

/** For the Prisma command line, which development uses to generate the client; the product does not read it. */
export default defineConfig({
  schema: "prisma/models",
  migrations: { path: "prisma/migrations" },
});
