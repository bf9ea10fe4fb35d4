/**
 * A project with the published packages in it, as `npm install` would lay it out: packed from this checkout, with its
 * third parties linked. What users run is what is measured, not sources whose types are stripped while they load.
 */
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { packPublished } from "../../scripts/pack.ts";
import { say, within } from "./progress.ts";

export type Project = {
  readonly folder: string;
  /** The command `millrace`, for `node`. */
  readonly bin: string;
  /** DAGs of the workloads. */
  readonly loadDags: string;
  /** One small DAG, `hello`. */
  readonly helloDags: string;
};

const run = promisify(execFile);
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const packSeconds = 120;

const hello = `
import { chain, dag, task } from "@millrace/sdk";
const greet = task(function greet(name: string) {
  return \`hello \${name}\`;
});
const shout = task(function shout() {});
export default dag("hello", {}, () => {
  chain(greet("you"), shout());
});
`;

/** Makes the project in an empty folder. */
export async function installProject(folder: string): Promise<Project> {
  const project = join(folder, "project");
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, "@millrace"), { recursive: true });
  linkThirdParties(modules);
  say("packing the published packages");
  for (const tarball of await within(
    packSeconds,
    "packing",
    packPublished(join(folder, "tarballs")),
  )) {
    await unpack(tarball, modules);
  }
  writeFileSync(
    join(project, "package.json"),
    '{ "name": "project", "private": true, "type": "module" }',
  );
  const helloDags = join(project, "dags");
  mkdirSync(helloDags);
  writeFileSync(join(helloDags, "hello.ts"), hello);
  const loadDags = join(project, "loads");
  cpSync(join(root, "benchmarks", "src", "dags"), loadDags, { recursive: true });
  const bin = join(modules, "@millrace", "cli", "dist", "main.js");
  return { folder: project, bin, loadDags, helloDags };
}

async function unpack(tarball: string, modules: string): Promise<void> {
  const unpacked = mkdtempSync(join(modules, "@millrace", ".unpacked-"));
  await run("tar", ["xzf", tarball, "-C", unpacked, "--strip-components=1"]);
  const manifest = readFileSync(join(unpacked, "package.json"), "utf8");
  const { name } = JSON.parse(manifest) as { name: string };
  renameSync(unpacked, join(modules, name));
  linkOwn(name, join(modules, name));
}

function linkThirdParties(modules: string): void {
  const from = join(root, "node_modules");
  for (const name of readdirSync(from)) {
    if (name === "@millrace" || name.startsWith(".")) continue;
    symlinkSync(join(from, name), join(modules, name));
  }
}

/** Dependencies that a workspace has in a version of its own. */
function linkOwn(name: string, to: string): void {
  const own = join(realpathSync(join(root, "node_modules", name)), "node_modules");
  if (existsSync(own)) symlinkSync(own, join(to, "node_modules"));
}
