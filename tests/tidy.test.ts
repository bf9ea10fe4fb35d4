/** Rules of the house that no linter knows. A failing test lists the places, and its name says what to restore. */

import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { reasons } from "@millrace/engine";
import { describe, expect, test } from "vitest";
import { filesEnding, root, textOf, type SourceFile } from "./source-tree.ts";

const linesMax = 500;

/** Who may look at the environment of the process, and why; everybody else is given settings. */
const environmentReaders: Readonly<Record<string, string>> = {
  "packages/service/src/config.ts": "reads the settings of every service and command",
  "packages/sdk/src/worker/environment.ts": "decides what a body in its own process may see",
  "packages/sdk/src/worker/bodies.int.test.ts": "tests what such a body sees",
  "packages/operators/src/environment.ts": "commands run in the worker's environment",
  "packages/cli/src/up/child.ts": "children inherit the environment",
  "packages/cli/src/up/console.ts": "children inherit the environment",
  "packages/db/src/testing-config.ts": "hands the test server to the runner's processes",
  "packages/db/scripts/generate.ts": "children inherit the environment",
  "services/worker/src/start.int.test.ts": "gives a child nothing but the PATH",
  "apps/console/lib/config.ts": "Next sets NODE_ENV, and replaces it when it builds",
  "tests/system/installed.int.test.ts": "keeps settings of ours from an installed command",
  "tests/system/examples.int.test.ts": "says where the full logs lie on machines that have them",
  "packages/operators/src/s3/s3.int.test.ts": "the client of S3 takes its keys from there",
  "tests/system/assets.int.test.ts": "tells the DAG folder of its test where it watches",
  "tests/system/assets/watched.ts": "is told by its test where it watches",
  "tests/system/workflows.int.test.ts": "says where the graphs lie on machines that have them",
};

const thisFile = "tests/tidy.test.ts";
const code = filesEnding(".ts", ".tsx", ".mjs", ".cjs", ".py").filter((it) => it.path !== thisFile);
const documents = filesEnding(".md");
const statements = filesEnding(".sql");
const contracts = filesEnding(".proto");
const prose = [...documents, ...code, ...statements, ...contracts, ...filesEnding(".yaml", ".yml")];
const tests = code.filter((it) => /test\.tsx?$/.test(it.name));
const product = code.filter(
  (it) =>
    /^(packages|services|apps)\//.test(it.path) &&
    !/\.test\.tsx?$|\/testing\/|\/testing[-\w]*\.ts$|^apps\/console\/(dev|tests)\//.test(it.path),
);

/** Where a pattern stands, as `path:line: text`. */
function places(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, at) => (pattern.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
  );
}

function paths(files: readonly SourceFile[]): string[] {
  return files.map((it) => it.path);
}

describe("files", () => {
  test(`a file of more than ${linesMax} lines says why in its first comment`, () => {
    const isLong = ({ text }: SourceFile) => text.split("\n").length > linesMax;
    const isExplained = ({ text }: SourceFile) => /long because/i.test(text.slice(0, 2_000));
    const written = [...code, ...contracts, ...statements, ...filesEnding(".css")];
    expect(paths(written.filter((it) => isLong(it) && !isExplained(it)))).toEqual([]);
  });

  test("every SQL file begins with what it is for; a statement's header begins with its name", () => {
    const isHeaded = ({ path, name, text }: SourceFile) =>
      text.startsWith(path.startsWith("packages/db/sql/") ? `-- ${name.slice(0, -4)}: ` : "-- ");
    expect(paths(statements.filter((it) => !isHeaded(it)))).toEqual([]);
  });

  test("every package, service and app has a README whose first paragraph says its purpose", () => {
    const rooms = ["packages", "services", "apps"].flatMap((folder) =>
      readdirSync(join(root, folder)).map((name) => `${folder}/${name}/README.md`),
    );
    const purpose = /^# \S.*\n\n[A-Z][^\n]{20,}/;
    expect(rooms.filter((it) => !existsSync(join(root, it)) || !purpose.test(textOf(it)))).toEqual(
      [],
    );
  });

  test("tests are named x.test.ts, x.int.test.ts or x.browser.test.ts", () => {
    const name = /^[a-z0-9]+(-[a-z0-9]+)*(\.int|\.browser)?\.test\.ts$/;
    const named = code.filter((it) => /[.](test|spec)[.]/.test(it.name));
    expect(paths(named.filter((it) => !name.test(it.name)))).toEqual([]);
  });

  test("a test's name is a guarantee, not a wish or a topic", () => {
    const vague = /\b(test|it)(\.each\(.*\))?\(\s*["'`](should|handles?|works?)\b/i;
    expect(places(tests, vague)).toEqual([]);
  });
});

describe("dependencies on the world", () => {
  test("only the files of the list read the environment; others get settings", () => {
    const supports = /^(tests|benchmarks|scripts)\//;
    const readers = code.filter((it) => {
      const text = supports.test(it.path) ? it.text.replaceAll("...process.env", "") : it.text;
      // Scripts in plain JavaScript run before anything of ours is installed.
      return /\bprocess\.env\b/.test(text) && !/^scripts\/.*\.mjs$/.test(it.path);
    });
    expect(paths(readers)).toEqual(Object.keys(environmentReaders).toSorted());
  });

  test("the engine has no clock, no randomness, no timers and no platform", () => {
    const engine = product.filter((it) => it.path.startsWith("packages/engine/src/"));
    const world =
      /Date\.now|new Date\(\)|Math\.random|performance\.|crypto\.|set(Timeout|Interval)|["']node:/;
    expect(engine.length).toBeGreaterThan(20);
    expect(places(engine, world)).toEqual([]);
  });

  test("the lock file names no registry", () => {
    expect(textOf("package-lock.json")).not.toMatch(/"resolved": "https?:/);
  });
});

describe("errors", () => {
  test("every reason is used by the product", () => {
    const used = product.filter((it) => it.path !== "packages/engine/src/errors.ts");
    const isUsed = (reason: string) => used.some((it) => it.text.includes(`"${reason}"`));
    expect(Object.keys(reasons).filter((it) => !isUsed(it))).toEqual([]);
  });

  test("no error has a reason that is not in the table, in any language", () => {
    const named = /(?:new MillraceError\(\s*|reason_of\(\w+\) == |Reason = Literal\[)"(\w+)"/g;
    const found = code.flatMap((it) => [...it.text.matchAll(named)].map((match) => match[1]!));
    expect(found.length).toBeGreaterThan(50);
    expect(found.filter((it) => !Object.hasOwn(reasons, it))).toEqual([]);
  });
});

describe("linters", () => {
  test("a rule that is switched off says why", () => {
    expect(places(code, /\b(es|ox)lint-disable(?!.* -- \w)/)).toEqual([]);
    const config = textOf(".oxlintrc.json").split("\n");
    const [isOff, isReason] = [/^ {4}"[\w/-]+": "off"/, /^ {4}\/\/ \S/];
    const bare = config.filter((line, at) => isOff.test(line) && !isReason.test(config[at - 1]!));
    expect(bare).toEqual([]);
  });
});

describe("words", () => {
  test("a note of something to do names who does it", () => {
    expect(places(prose, /\b(TODO|FIXME|XXX)\b(?!\([a-z]+\))/)).toEqual([]);
  });

  test("nothing names a machine's folders, a registry or how the work was organised", () => {
    const machine = /(^|[\s"'`(=])\/(work|root|home\/\w+)\/\w/;
    const registry = /registry\.npmjs|pypi\.org|proxy\.golang\.org|artifactory/i;
    const work = /\bissue #\d|\b(session|wave|sprint) \d+\b(?!\s*[=<>])|\bsubagent|\bcoding agent/i;
    const isData = (it: SourceFile) => it.path.startsWith("tests/data/");
    const checked = prose.filter((it) => !isData(it));
    for (const pattern of [machine, registry, work]) expect(places(checked, pattern)).toEqual([]);
  });

  test("links and file names in documents lead somewhere", () => {
    const link = /\]\((?![a-z]+:|#|\*)([^)#\s]+)/g;
    const file =
      /`((?:packages|services|apps|docs|tests|scripts|proto|examples|clients)\/[\w./-]+)`/g;
    const dead = documents.flatMap(({ path, text }) => {
      const linked = [...text.matchAll(link)].map((it) => join(dirname(path), it[1]!));
      const named = [...text.matchAll(file)].map((it) => it[1]!);
      return [...linked, ...named]
        .filter((it) => !existsSync(join(root, it)))
        .map((it) => `${path}: ${it}`);
    });
    expect(dead).toEqual([]);
  });
});
