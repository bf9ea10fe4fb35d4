import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { describeConfig, loadConfig, secret, variableOf } from "./config.ts";

const schema = z.object({
  grpcPort: z.int().min(0).max(65_535).default(7070),
  host: z.string().default("127.0.0.1"),
  databaseUrl: secret(z.string()).optional(),
  queues: z.array(z.string()).default(["default"]),
  isPretty: z.boolean().default(false),
});

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "millrace-config-"));
});
afterEach(() => rm(cwd, { recursive: true }));

test("flags win over the environment, the environment over the file, the file over defaults", async () => {
  await writeFile(
    join(cwd, "millrace.config.ts"),
    'export default { grpcPort: 1, host: "file", queues: ["f"] } as const;',
  );
  const env = { MILLRACE_GRPC_PORT: "2", MILLRACE_HOST: "env" };
  const { values, sources } = await loadConfig(schema, { flags: { grpcPort: 3 }, env, cwd });
  expect(values).toMatchObject({ grpcPort: 3, host: "env", queues: ["f"], isPretty: false });
  expect(sources).toMatchObject({
    grpcPort: "flag",
    host: "environment",
    queues: "file",
    isPretty: "default",
  });
});

test("text of the environment becomes numbers, truth values and lists where those are asked for", async () => {
  const env = {
    MILLRACE_GRPC_PORT: "8",
    MILLRACE_IS_PRETTY: "true",
    MILLRACE_QUEUES: "a, b",
    MILLRACE_HOST: "10",
  };
  const { values } = await loadConfig(schema, { env, cwd });
  expect(values).toMatchObject({ grpcPort: 8, isPretty: true, queues: ["a", "b"], host: "10" });
});

test("an unknown variable is an error that names the nearest setting", async () => {
  const wrong = loadConfig(schema, { env: { MILLRACE_GRCP_PORT: "1" }, cwd });
  await expect(wrong).rejects.toThrow(
    "MILLRACE_GRCP_PORT is not a setting. Did you mean MILLRACE_GRPC_PORT?",
  );
});

test("variables of other roles and of tests are no error", async () => {
  const env = { MILLRACE_SLOTS: "1", MILLRACE_TEST_DATABASE_URL: "x" };
  await loadConfig(schema, { env, cwd, otherVariables: ["MILLRACE_SLOTS"] });
});

test("an unknown setting in the file is an error", async () => {
  await writeFile(join(cwd, "millrace.config.js"), "export default { hots: 1 };");
  await expect(loadConfig(schema, { env: {}, cwd })).rejects.toThrow(
    "hots is not a setting. Did you mean host?",
  );
});

test("a wrong value is an error that names where it came from", async () => {
  const wrong = loadConfig(schema, { env: { MILLRACE_GRPC_PORT: "many" }, cwd });
  await expect(wrong).rejects.toThrow(/^MILLRACE_GRPC_PORT is "many": /);
  const tooLarge = loadConfig(schema, { env: { MILLRACE_GRPC_PORT: "70000" }, cwd });
  await expect(tooLarge).rejects.toThrow(/^MILLRACE_GRPC_PORT is 70000: .*65535/);
});

test("secrets are hidden when settings are shown", async () => {
  const loaded = await loadConfig(schema, { env: { DATABASE_URL: "postgres://u:p@h/d" }, cwd });
  const lines = describeConfig(schema, loaded).join("\n");
  expect(lines).toContain("databaseUrl = [hidden] (environment)");
  expect(lines).not.toContain("u:p");
});

test("every setting has a variable, and the well-known ones theirs", () => {
  expect(variableOf("grpcPort")).toBe("MILLRACE_GRPC_PORT");
  expect(variableOf("natsUrl")).toBe("NATS_URL");
});
