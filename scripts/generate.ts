/** Makes the committed generated code anew; with --check, fails when what is committed is stale. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const isCheck = process.argv.includes("--check");
const outputs = ["packages/wire/src/gen", "packages/db/src/gen"];

function run(command: string, args: string[], cwd: string): void {
  const done = spawnSync(command, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
  });
  if (done.status !== 0) {
    console.error(`${command} ${args.join(" ")} failed in ${cwd}:\n${done.stdout}${done.stderr}`);
    process.exit(1);
  }
}

const before = mkdtempSync(join(tmpdir(), "millrace-generated-"));
try {
  for (const dir of outputs) cpSync(dir, join(before, dir), { recursive: true });
  run("buf", ["lint"], "proto");
  run("buf", ["format", "--diff", "--exit-code"], "proto");
  run("buf", ["generate"], "proto");
  run("node", ["scripts/generate.ts"], "packages/db");
  if (isCheck) {
    for (const dir of outputs) {
      const diff = spawnSync("diff", ["-r", join(before, dir), dir], { encoding: "utf8" });
      if (diff.status === 0) continue;
      console.error(`${dir} was stale and has been made anew; commit it.\n${diff.stdout}`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(before, { recursive: true, force: true });
}
