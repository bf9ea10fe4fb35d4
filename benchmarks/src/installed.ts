/**
 * A project with the published packages in it, as `npm install` would lay it out: packed from this checkout, with its
 * third parties linked. What users run is what is measured, not sources whose types are stripped while they load.
 */
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
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
const packed = ["sdk", "operators", "testing", "cli"];
const packSeconds = 60;

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
  const source = join(folder, "source");
  copySource(source);
  const project = join(folder, "project");
  const ours = join(project, "node_modules", "@millrace");
  mkdirSync(ours, { recursive: true });
  linkThirdParties(join(project, "node_modules"));
  for (const name of packed) {
    say(`packing @millrace/${name}`);
    const home = join(source, "packages", name);
    const packing = run("npm", ["pack", "--silent"], { cwd: home, maxBuffer: 2 ** 24 });
    await within(packSeconds, `npm pack of ${name}`, packing);
    const tarball = readdirSync(home).find((it) => it.endsWith(".tgz"))!;
    mkdirSync(join(ours, name));
    await run("tar", ["xzf", join(home, tarball), "-C", join(ours, name), "--strip-components=1"]);
    linkOwn(join("packages", name), join(ours, name));
  }
  symlinkSync(join(root, "apps", "console"), join(ours, "console"));
  writeFileSync(
    join(project, "package.json"),
    '{ "name": "project", "private": true, "type": "module" }',
  );
  const helloDags = join(project, "dags");
  mkdirSync(helloDags);
  writeFileSync(join(helloDags, "hello.ts"), hello);
  const loadDags = join(project, "loads");
  cpSync(join(root, "benchmarks", "src", "dags"), loadDags, { recursive: true });
  return { folder: project, bin: join(ours, "cli", binOf(join(ours, "cli"))), loadDags, helloDags };
}

function binOf(cli: string): string {
  const manifest = JSON.parse(readFileSync(join(cli, "package.json"), "utf8")) as {
    bin: { millrace: string };
  };
  return manifest.bin.millrace;
}

/** Packing puts another manifest into a package's folder for a moment: in a copy, that is nobody's business. */
function copySource(to: string): void {
  const isWanted = (path: string) => !/[/\\](node_modules|dist|\.next|\.git|\.turbo)$/.test(path);
  for (const name of [
    "packages",
    "services",
    "scripts",
    "package.json",
    "tsconfig.json",
    "tsconfig.base.json",
  ]) {
    cpSync(join(root, name), join(to, name), { recursive: true, filter: isWanted });
  }
  const modules = join(to, "node_modules");
  mkdirSync(join(modules, "@millrace"), { recursive: true });
  linkThirdParties(modules);
  symlinkSync(join(root, "node_modules", ".bin"), join(modules, ".bin"));
  for (const rooms of ["packages", "services"]) {
    for (const room of readdirSync(join(to, rooms))) {
      const manifest = join(to, rooms, room, "package.json");
      if (!existsSync(manifest)) continue;
      const { name } = JSON.parse(readFileSync(manifest, "utf8")) as { name: string };
      symlinkSync(dirname(manifest), join(modules, name));
      linkOwn(join(rooms, room), dirname(manifest));
    }
  }
}

function linkThirdParties(modules: string): void {
  const from = join(root, "node_modules");
  for (const name of readdirSync(from)) {
    if (name === "@millrace" || name.startsWith(".")) continue;
    symlinkSync(join(from, name), join(modules, name));
  }
}

/** Dependencies that a workspace has in a version of its own. */
function linkOwn(workspace: string, to: string): void {
  const own = join(root, workspace, "node_modules");
  if (existsSync(own)) symlinkSync(own, join(to, "node_modules"));
}
