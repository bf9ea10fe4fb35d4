/**
 * Makes a published package out of a workspace: `prepack` bundles it into `dist/` and puts the published manifest in
 * place, `postpack` puts the workspace's own back. Private packages it uses are bundled in, so users install one
 * package; other published ones stay dependencies.
 *
 *   node ../../scripts/package.ts prepack|postpack        (in the package's folder; npm calls it)
 */
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

type Manifest = {
  name: string;
  version: string;
  description: string;
  license: string;
  exports?: Record<string, string>;
  bin?: Record<string, string>;
  dependencies?: Record<string, string>;
  /** What `publish` adds: further entry files, and folders to carry along as `dist/assets/…`. */
  publish?: { entries?: string[]; assets?: Record<string, string>; dependencies?: string[] };
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const published = ["sdk", "operators", "testing", "cli"].map((it) => `@millrace/${it}`);
const consoleName = "@millrace/console";
const aside = "package.workspace.json";
const home = process.cwd();

if (process.argv[2] === "postpack") {
  if (existsSync(aside)) renameSync(aside, "package.json");
} else {
  await prepack(readManifest(home));
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

async function prepack(manifest: Manifest): Promise<void> {
  rmSync("dist", { recursive: true, force: true });
  const inside = bundledPackages(manifest);
  const external = thirdParty([manifest, ...inside.map((it) => it.manifest)]);
  const sources = Object.values(manifest.exports ?? {}).filter((it) => it.endsWith(".ts"));
  const entries = [...sources, ...(manifest.publish?.entries ?? [])];
  await build({
    entryPoints: entries,
    outdir: "dist",
    outbase: "src",
    bundle: true,
    splitting: entries.length > 1,
    format: "esm",
    platform: "node",
    target: "node22",
    sourcemap: false,
    external: [...Object.keys(external), ...published, consoleName].flatMap((it) => [it, `${it}/*`]),
    chunkNames: "chunks/[name]-[hash]",
    // Dependencies in CommonJS that were bundled with a private package still call require.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
  for (const [from, to] of Object.entries(manifest.publish?.assets ?? {})) {
    cpSync(from, join("dist", "assets", to), { recursive: true });
  }
  if (sources.length > 0) emitTypes();
  writePublishedManifest(manifest, external);
}

/** Private packages of ours that this one uses, directly or through each other. */
function bundledPackages(manifest: Manifest): { name: string; manifest: Manifest }[] {
  const found = new Map<string, Manifest>();
  const visit = (of: Manifest) => {
    for (const name of Object.keys(of.dependencies ?? {})) {
      if (!name.startsWith("@millrace/") || published.includes(name) || name === consoleName) continue;
      if (found.has(name)) continue;
      const next = readManifest(join(root, "node_modules", name));
      found.set(name, next);
      visit(next);
    }
  };
  visit(manifest);
  return [...found].map(([name, it]) => ({ name, manifest: it }));
}

function thirdParty(manifests: readonly Manifest[]): Record<string, string> {
  const all = manifests.flatMap((it) => Object.entries(it.dependencies ?? {}));
  const others = all.filter(([name]) => !name.startsWith("@millrace/"));
  return Object.fromEntries(others.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Declarations of this package and of the private ones it shows, side by side under `dist/types/`. */
function emitTypes(): void {
  const config = join(root, "tsconfig.json");
  const files = globSync("src/**/*.ts").filter((it) => !/\.test(-d)?\.ts$|testing\//.test(it));
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
      include: files,
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
        const target = join("dist/types", name as string, "src", `${(sub as string) ?? "index"}.js`);
        const path = relative(dirname(file), target);
        return `${quote}${path.startsWith(".") ? path : `./${path}`}${quote}`;
      })
      .replaceAll(/(from\s+|import\()(["'])(\.[^"']*)\.ts\2/g, "$1$2$3.js$2");
    if (rewritten !== text) writeFileSync(file, rewritten);
  }
}

function writePublishedManifest(manifest: Manifest, external: Record<string, string>): void {
  const folder = relative(join(root, "packages"), home);
  const built = (source: string) => `./dist/${relative("src", source).replace(/\.ts$/, ".js")}`;
  const types = (source: string) => `./dist/types/${folder}/${source.replace(/^\.\//, "").replace(/\.ts$/, ".d.ts")}`;
  const ours = Object.keys(manifest.dependencies ?? {}).filter(
    (it) => published.includes(it) || it === consoleName,
  );
  const bundledOurs = bundledPackages(manifest).flatMap((it) =>
    Object.keys(it.manifest.dependencies ?? {}).filter((name) => published.includes(name)),
  );
  const result = {
    name: manifest.name,
    version: manifest.version,
    description: manifest.description,
    license: manifest.license,
    type: "module",
    engines: { node: ">=22" },
    files: ["dist"],
    exports: Object.fromEntries(
      Object.entries(manifest.exports ?? {}).map(([path, source]) => [
        path,
        source.endsWith(".ts") ? { types: types(source), default: built(source) } : source,
      ]),
    ),
    ...(manifest.bin && { bin: { millrace: "./dist/main.js" } }),
    dependencies: {
      ...external,
      ...Object.fromEntries([...new Set([...ours, ...bundledOurs])].map((it) => [it, manifest.version])),
    },
    ...(manifest.bin && { publishConfig: { access: "public" } }),
  };
  renameSync("package.json", aside);
  writeFileSync("package.json", `${JSON.stringify(result, null, 2)}\n`);
}
