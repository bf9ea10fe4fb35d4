/**
 * How a bundle reaches the SDK: by the copy of the process that loads it, not by one of its own. The bundle stays
 * small, and `context()` in a body is the one that the worker set up.
 */

import type { Plugin } from "esbuild";
import * as sdk from "../index.ts";

const key = "millrace.sdk";

/** Makes this process's SDK visible to bundles; call it before importing one. Repeating it changes nothing. */
export function provideSdk(): void {
  Object.defineProperty(globalThis, Symbol.for(key), { value: sdk, configurable: true });
}

/** Replaces `@millrace/sdk` by a module that reads what {@link provideSdk} left. */
export function sdkPlugin(): Plugin {
  return {
    name: "millrace-sdk",
    setup(setup) {
      setup.onResolve({ filter: /^@millrace\/sdk($|\/)/ }, (args) =>
        args.path === "@millrace/sdk"
          ? { path: args.path, namespace: key, sideEffects: false }
          : {
              errors: [
                {
                  text: `A DAG file cannot import "${args.path}": it is for the processes around DAGs. Import from "@millrace/sdk".`,
                },
              ],
            },
      );
      setup.onLoad({ filter: /.*/, namespace: key }, () => ({ contents: moduleText() }));
    },
  };
}

/** Names nobody imports are dropped, so that the digest depends only on what the files use. */
function moduleText(): string {
  const names = Object.keys(sdk).sort();
  return [
    `const sdk = globalThis[Symbol.for(${JSON.stringify(key)})];`,
    `if (sdk === undefined) throw new Error("A Millrace bundle is loaded by a Millrace worker, not imported by itself.");`,
    ...names.map((name) => `export const ${name} = /* @__PURE__ */ (() => sdk.${name})();`),
  ].join("\n");
}
