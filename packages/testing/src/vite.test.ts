import { expect, test } from "vitest";
import { millraceDecorators } from "./vite.ts";

const plugin = millraceDecorators();

test("standard decorators are lowered, with a source map", async () => {
  const code =
    "@Dag({ schedule: '@daily' })\nclass Etl {\n  @Task({ retries: 3 }) async extract(): Promise<number> { return 1; }\n}";
  const out = await plugin.transform(code, "/dags/etl.ts?v=1");
  expect(out?.code).not.toMatch(/^\s*@/m);
  expect(out?.code).toContain("__decorateElement");
  expect(JSON.parse(out?.map ?? "{}").sources).toEqual(["/dags/etl.ts"]);
});

test.each([
  ["/dags/a.ts", "export const mail = 'me@example.com';"],
  ["/dags/a.ts", "import { dag } from '@millrace/sdk';\nexport const x = '@daily';"],
  ["/dags/a.ts", "/**\n * Reads. {@link b}\n * @throws Error (always)\n */\nexport const a = 1;"],
  ["/dags/a.js", "@Dag() class A {}"],
])("%s without decorators to lower passes untouched: %s", async (id, code) => {
  expect(await plugin.transform(code, id)).toBeNull();
});

test.each([
  "@Dag({})\nclass A {}",
  "@Dag\nclass A {}",
  "export default @Dag() class A {}",
  "class A { @Task() one() {} }",
  "class A {\n  @Task() @Task({ retries: 1 }) one() {}\n}",
])("decorators are found in %j", async (code) => {
  expect(await plugin.transform(code, "/dags/a.tsx")).not.toBeNull();
});
