/** Turns DAG files into the text of one ES module. */

import { isBuiltin } from "node:module";
import { build, type Message, type Plugin } from "esbuild";
import { sdkPlugin } from "./sdk-module.ts";
import { sourceRoot } from "./stack.ts";

export type BuildResult =
  | { readonly kind: "built"; readonly text: string }
  | { readonly kind: "failed"; readonly message: string };

/**
 * Bundles files of `dir` into a module that exports `files`: from each name to a function that loads that file and
 * gives its exports. Nothing of a file runs before its function is called. Same files, same text, on every machine.
 */
export async function buildModule(dir: string, files: readonly string[]): Promise<BuildResult> {
  const entries = files.map(
    (file) => `  ${JSON.stringify(file)}: () => import(${JSON.stringify(`./${file}`)}),`,
  );
  try {
    const result = await build({
      absWorkingDir: dir,
      stdin: {
        contents: `export const files = {\n${entries.join("\n")}\n};\n`,
        resolveDir: dir,
        sourcefile: "dags",
        loader: "js",
      },
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node22",
      charset: "utf8",
      // Functions name tasks: bundling must not rename them.
      keepNames: true,
      write: false,
      outfile: "bundle.mjs",
      sourcemap: "inline",
      sourcesContent: false,
      sourceRoot,
      logLevel: "silent",
      // CommonJS packages that are bundled still require built-in modules.
      banner: {
        js: `import { createRequire as millraceRequire } from "node:module"; const require = millraceRequire(import.meta.url);`,
      },
      plugins: [sdkPlugin(), builtinsPlugin()],
    });
    return { kind: "built", text: result.outputFiles[0]?.text ?? "" };
  } catch (error) {
    const errors = messagesOf(error);
    if (errors === null) throw error;
    return { kind: "failed", message: errors.map(describe).join("\n") };
  }
}

/** A missing built-in module must fail the file that asks for it, not the module that holds all files. */
function builtinsPlugin(): Plugin {
  return {
    name: "millrace-builtins",
    setup(setup) {
      setup.onResolve({ filter: /^node:/ }, (args) =>
        isBuiltin(args.path)
          ? { path: args.path, external: true }
          : { errors: [{ text: `Node ${process.version} has no built-in module "${args.path}"` }] },
      );
    },
  };
}

function messagesOf(error: unknown): readonly Message[] | null {
  if (typeof error !== "object" || error === null || !("errors" in error)) return null;
  return Array.isArray(error.errors) ? (error.errors as Message[]) : null;
}

function describe(message: Message): string {
  const at = message.location;
  if (at === null) return message.text;
  // esbuild counts columns from 0; editors count from 1.
  return `${at.file}:${at.line}:${at.column + 1}: ${message.text}\n  ${at.lineText.trim()}`;
}
