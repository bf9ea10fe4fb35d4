/** Says when a DAG folder has changed. */

import path from "node:path";
import { watch } from "chokidar";
import { watchQuietMs } from "./limits.ts";
import { isWatched } from "./scan.ts";

/**
 * Calls `onChange` after files under `dir` have changed and the folder has been quiet for a moment; never twice at a
 * time. What changes meanwhile leads to one more call. Resolves once watching has begun; ends when `signal` aborts.
 */
export async function watchFolder(
  dir: string,
  onChange: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const root = path.resolve(dir);
  const watcher = watch(root, {
    ignoreInitial: true,
    ignored: (file) => !isWatched(path.relative(root, file)),
  });
  let timer: NodeJS.Timeout | undefined;
  let isRunning = false;
  let isDue = false;

  const run = async (): Promise<void> => {
    isDue = true;
    if (isRunning) return;
    isRunning = true;
    try {
      while (isDue && !signal.aborted) {
        isDue = false;
        await onChange();
      }
    } finally {
      isRunning = false;
    }
  };
  watcher.on("all", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void run(), watchQuietMs);
  });
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    void watcher.close();
  });
  await new Promise<void>((resolve, reject) => {
    watcher.once("ready", resolve);
    watcher.once("error", reject);
  });
}
