/** A vite plugin for decorated classes: vite and vitest leave standard decorators as they are, and Node cannot run them. */

import { transform } from "esbuild";

const typescriptFile = /\.[cm]?tsx?$/;
/** Where a decorator can stand; tags of doc comments and e-mail addresses stand elsewhere. */
const decorator =
  /(?:^[ \t]*|[{;}][ \t]+|\b(?:export|default)[ \t]+)@[A-Za-z_$][\w$.]*[ \t]*[(\r\n ]/m;

/** What vite asks of a plugin, as far as this one goes; spelled out so that using it does not require vite's types. */
export type DecoratorsPlugin = {
  readonly name: string;
  readonly enforce: "pre";
  transform(code: string, id: string): Promise<{ code: string; map: string } | null>;
};

/**
 * Lowers standard decorators in TypeScript files with esbuild; other files pass untouched.
 *
 * @example
 * export default defineConfig({ plugins: [millraceDecorators()] });
 */
export function millraceDecorators(): DecoratorsPlugin {
  return {
    name: "millrace:decorators",
    enforce: "pre",
    async transform(code, id) {
      const file = id.split("?", 1)[0] ?? id;
      if (!typescriptFile.test(file) || !decorator.test(code)) return null;
      const out = await transform(code, {
        loader: file.endsWith("x") ? "tsx" : "ts",
        sourcefile: file,
        sourcemap: "external",
        format: "esm",
        target: "es2022",
        tsconfigRaw: { compilerOptions: { experimentalDecorators: false } },
      });
      return { code: out.code, map: out.map };
    },
  };
}
