/**
 * The address of a file that a thread or a child process starts with.
 *
 * @param name relative to `src`, without extension.
 * @param from `import.meta.url` of a file one folder below `src`; threads run from source or from built files, as it does.
 */
export function threadFile(name: string, from: string): URL {
  return new URL(`../${name}${from.endsWith(".ts") ? ".ts" : ".js"}`, from);
}
