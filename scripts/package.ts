/**
 * Makes a published package out of a workspace: `prepack` bundles it into `dist/` and puts the published manifest and
 * the license in place, `postpack` puts the workspace's own manifest back. Private packages it uses are bundled in, so
 * users install one package; other published ones stay dependencies. The console is built by Next.js instead.
 *
 *   node ../../scripts/package.ts prepack|postpack        (in the package's folder; npm calls it)
 *
 * To pack everything without touching this checkout: `node scripts/pack.ts <folder>`.
 */
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildConsoleIfStale } from "./console-build.ts";

type Manifest = {
  name: string;
  version: string;
  description: string;
  license: string;
  sideEffects?: boolean;
  exports?: Record<string, string>;
  bin?: Record<string, string>;
  dependencies?: Record<string, string>;
  /** What users install beside it when they need it. */
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
  /** Only of packages that are published as they lie. */
  files?: string[];
  /**
   * Further entry files, folders to carry along as `dist/assets/…`, and exports that are for this repository only.
   */
  publish?: { entries?: string[]; assets?: Record<string, string>; internal?: string[] };
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const published = ["sdk", "operators", "testing", "cli"].map((it) => `@millrace/${it}`);
const consoleName = "@millrace/console";
const aside = "package.workspace.json";
const home = process.cwd();

if (process.argv[2] === "postpack") postpack();
else await prepack(readManifest(home));

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

async function prepack(manifest: Manifest): Promise<void> {
  const { name, version, description, license } = manifest;
  const about = { name, version, description, license, type: "module", engines: { node: ">=22" } };
  let published: object;
  if (name === consoleName) {
    buildConsoleIfStale(root);
    const { files, exports, dependencies } = manifest;
    published = { files, exports, dependencies };
  } else {
    published = await bundle(manifest);
  }
  copyFileSync(join(root, "LICENSE"), "LICENSE");
  renameSync("package.json", aside);
  const result = { ...about, ...published, publishConfig: { access: "public" } };
  writeFileSync("package.json", `${JSON.stringify(result, null, 2)}\n`);
}

function postpack(): void {
  if (!existsSync(aside)) return;
  renameSync(aside, "package.json");
  rmSync("LICENSE", { force: true });
}

/** Writes `dist/`; gives back what its manifest says of it. */
async function bundle(manifest: Manifest): Promise<object> {
  rmSync("dist", { recursive: true, force: true });
  const exports = publishedExports(manifest);
  const inside = bundledPackages(manifest);
  const external = thirdParty([manifest, ...inside]);
  const ours = [manifest, ...inside].flatMap((it) =>
    Object.keys(it.dependencies ?? {}).filter(isPublished),
  );
  const peers = inside.reduce(withPeersOf, withPeersOf({}, manifest));
  const sources = Object.values(exports).filter((it) => it.endsWith(".ts"));
  const entries = [...sources, ...(manifest.publish?.entries ?? [])];
  await build({
    entryPoints: entries,
    outdir: "dist",
    outbase: "src",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    external: [
      ...Object.keys(external),
      ...Object.keys(peers.peerDependencies ?? {}),
      ...ours,
    ].flatMap((it) => [it, `${it}/*`]),
    // A command finds what lies beside it from wherever its code has ended up.
    chunkNames: sources.length > 0 ? "chunks/[name]-[hash]" : "[name]-[hash]",
  });
  for (const [from, to] of Object.entries(manifest.publish?.assets ?? {})) {
    cpSync(from, join("dist", "assets", to), { recursive: true });
  }
  if (sources.length > 0) emitTypes(inside);
  return {
    ...(manifest.sideEffects === false && { sideEffects: false }),
    files: ["dist"],
    exports: Object.fromEntries(
      Object.entries(exports).map(([path, source]) => [path, builtExport(source)]),
    ),
    ...(manifest.bin && { bin: { millrace: "./dist/main.js" } }),
    dependencies: {
      ...Object.fromEntries([...new Set(ours)].toSorted().map((it) => [it, manifest.version])),
      ...external,
    },
    ...peers,
  };
}

type Peers = Pick<Manifest, "peerDependencies" | "peerDependenciesMeta">;

function withPeersOf(known: Peers, { peerDependencies, peerDependenciesMeta }: Manifest): Peers {
  if (peerDependencies === undefined) return known;
  return {
    peerDependencies: { ...known.peerDependencies, ...peerDependencies },
    peerDependenciesMeta: { ...known.peerDependenciesMeta, ...peerDependenciesMeta },
  };
}

function isPublished(name: string): boolean {
  return published.includes(name) || name === consoleName;
}

function publishedExports({ exports = {}, publish }: Manifest): Record<string, string> {
  const internal = publish?.internal ?? [];
  return Object.fromEntries(Object.entries(exports).filter(([path]) => !internal.includes(path)));
}

function builtExport(source: string): string | { types: string; default: string } {
  if (!source.endsWith(".ts")) return source;
  const path = relative("src", source).replace(/\.ts$/, "");
  const folder = relative(join(root, "packages"), home);
  return { types: `./dist/types/${folder}/src/${path}.d.ts`, default: `./dist/${path}.js` };
}

/** Private packages of ours that this one uses, directly or through each other. */
function bundledPackages(manifest: Manifest): Manifest[] {
  const found = new Map<string, Manifest>();
  const visit = (of: Manifest) => {
    for (const name of Object.keys(of.dependencies ?? {})) {
      if (!name.startsWith("@millrace/") || isPublished(name) || found.has(name)) continue;
      const next = readManifest(join(root, "node_modules", name));
      found.set(name, next);
      visit(next);
    }
  };
  visit(manifest);
  return [...found.values()];
}

function thirdParty(manifests: readonly Manifest[]): Record<string, string> {
  const all = manifests.flatMap((it) => Object.entries(it.dependencies ?? {}));
  const others = all.filter(([name]) => !name.startsWith("@millrace/"));
  return Object.fromEntries(others.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Declarations of this package and of the private ones it shows, side by side under `dist/types/`. */
function emitTypes(inside: readonly Manifest[]): void {
  const config = join(root, "tsconfig.json");
  const own = globSync("src/**/*.ts").filter((it) => !/\.test(-d)?\.ts$|\/testing\//.test(it));
  // Named one by one: of what is found through node_modules, tsc writes nothing.
  const shown = inside.flatMap(({ name, exports = {} }) =>
    Object.entries(exports)
      .filter(([path]) => path !== "./testing")
      .map(([, source]) => join(root, "packages", basename(name), source)),
  );
  const tsconfig = join(home, "tsconfig.pack.json");
  writeFileSync(
    tsconfig,
    JSON.stringify({
      extends: config,
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        allowImportingTsExtensions: false,
        rewriteRelativeImportExtensions: true,
        rootDir: join(root, "packages"),
        outDir: "dist/types",
      },
      include: [...own, ...shown],
      exclude: [],
    }),
  );
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const done = spawnSync(tsc, ["-p", tsconfig], { encoding: "utf8" });
  rmSync(tsconfig);
  if (done.status !== 0) throw new Error(`tsc could not write declarations:\n${done.stdout}`);
  for (const file of globSync("dist/types/**/*.d.ts")) {
    const text = readFileSync(file, "utf8");
    const rewritten = text
      .replaceAll(/(["'])@millrace\/(engine|wire)(?:\/(\w+))?\1/g, (_all, quote, name, sub) => {
        const target = join(
          "dist/types",
          name as string,
          "src",
          `${(sub as string) ?? "index"}.js`,
        );
        const path = relative(dirname(file), target);
        return `${quote}${path.startsWith(".") ? path : `./${path}`}${quote}`;
      })
      .replaceAll(/(from\s+|import\()(["'])(\.[^"']*)\.ts\2/g, "$1$2$3.js$2");
    if (rewritten !== text) writeFileSync(file, rewritten);
  }
}
