import { expect, test } from "vitest";
import { errorDocs } from "./error-docs.ts";

// To write the page after a change of the table: vitest run --project unit -u packages/service/src/error-docs.test.ts
test("docs/errors.md says what the table of reasons says", async () => {
  await expect(errorDocs()).toMatchFileSnapshot("../../../docs/errors.md");
});
