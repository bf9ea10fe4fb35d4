/** Checks import directions, and that the checker itself still sees: a planted violation must be caught. */
import { rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";

const rooms = ["packages", "services", "apps/console", "examples", "tests", "benchmarks"];
const planted = "packages/engine/src/planted-violation.ts";

function cruise(): { code: number; output: string } {
  const run = spawnSync("depcruise", ["--config", ".dependency-cruiser.cjs", ...rooms], {
    encoding: "utf8",
  });
  return { code: run.status ?? 1, output: run.stdout + run.stderr };
}

const clean = cruise();
if (clean.code !== 0) {
  console.error(clean.output);
  process.exit(1);
}

writeFileSync(
  planted,
  'import { readFile } from "node:fs/promises";\nexport const stolen = readFile;\n',
);
try {
  const dirty = cruise();
  if (dirty.code === 0 || !dirty.output.includes("engine-is-pure")) {
    console.error(
      `The import checker did not see the planted violation in ${planted}:\n${dirty.output}`,
    );
    process.exit(1);
  }
} finally {
  rmSync(planted);
}
console.log(clean.output.trim());
