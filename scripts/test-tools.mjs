/**
 * What the tests need beside npm packages: a browser, Python with venv, a second PostgreSQL, a NATS server.
 * Installs Debian packages when root; elsewhere ends with the exact command to run. Plain JavaScript for Node 20.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

const debianPostgres = "/usr/lib/postgresql";

/** Each need: how to see that it is there, and the Debian packages that bring it. */
const needs = [
  { name: "Chromium", packages: ["chromium"], isThere: () => Boolean(findChromium()) },
  {
    name: "Python 3.10+ with venv",
    packages: ["python3", "python3-venv"],
    isThere: () => spawnSync("python3", ["-c", "import venv, ensurepip"]).status === 0,
  },
  {
    name: "a PostgreSQL server beside the embedded one",
    packages: ["postgresql"],
    isThere: () => Boolean(findSystemPostgres()),
  },
];

export function findChromium() {
  const given = process.env["MILLRACE_CHROMIUM"];
  if (given) return given;
  return ["chromium", "chromium-browser", "google-chrome"].map(onPath).find(Boolean);
}

/** The bin folder of the newest PostgreSQL that the system has, 15 or newer. */
function findSystemPostgres() {
  if (!existsSync(debianPostgres)) return undefined;
  const versions = readdirSync(debianPostgres).filter((it) => Number(it) >= 15);
  const bins = versions.map((it) => join(debianPostgres, it, "bin"));
  return bins.filter((it) => existsSync(join(it, "initdb"))).at(-1);
}

/** Installs what is missing, or ends the process with the command that would. */
export function installTestTools() {
  const missing = needs.filter((need) => !need.isThere());
  if (missing.length === 0) return;
  const packages = missing.flatMap((need) => need.packages);
  const names = missing.map((need) => need.name).join(", ");
  const mayInstall = process.getuid?.() === 0 && onPath("apt-get");
  if (!mayInstall) {
    fail(`The tests need ${names}. Run:\n  sudo apt-get install -y ${packages.join(" ")}`);
  }
  process.stderr.write(`Installing ${packages.join(", ")} (once)…\n`);
  apt(["update", "-q"]);
  apt(["install", "-y", "-q", "--no-install-recommends", ...packages]);
  const still = missing.filter((need) => !need.isThere());
  if (still.length > 0)
    fail(`Still missing after the installation: ${still.map((it) => it.name)}.`);
}

function apt(args) {
  const done = spawnSync("apt-get", args, {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (done.status !== 0) fail(`apt-get ${args.join(" ")} failed:\n${done.stdout}${done.stderr}`);
}

function onPath(command) {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, command)).find((file) => existsSync(file));
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
