/** How each kind of trigger is watched. */

import { Gate } from "./gate.ts";
import { configOf, cursorOf, digestOf, fulfilled, told, watchFailed } from "./fulfilled.ts";
import { filesAtOnceMax, httpAtOnceMax } from "./limits.ts";
import { lookAtFile } from "./look-at-file.ts";
import { lookAtUrl } from "./look-at-url.ts";
import { notYet, poll, type Look } from "./poll.ts";
import { readFileWatch, readHttpWatch } from "./read-config.ts";
import type { Troubles } from "./troubles.ts";
import type { Watcher } from "./watches.ts";

/** Those that every triggerer has, by handler. */
export function builtInWatchers(troubles: Troubles): Map<string, Watcher> {
  return new Map([
    [
      "http",
      polling(httpAtOnceMax, (config) => {
        const watch = readHttpWatch(config);
        const { origin } = new URL(watch.url);
        return {
          intervalMs: watch.intervalMs,
          look: (signal) => lookAtUrl(watch, signal),
          onLook(look) {
            troubles.note(origin, look.kind === "vain" ? look.trouble : null);
          },
        };
      }),
    ],
    [
      "file",
      polling(filesAtOnceMax, (config) => {
        const watch = readFileWatch(config);
        const { intervalMs } = watch;
        return { intervalMs, look: () => lookAtFile(watch), onLook: () => undefined };
      }),
    ],
  ]);
}

type Looking = {
  readonly intervalMs: number;
  look(signal: AbortSignal): Promise<Look>;
  onLook(look: Look): void;
};

function polling(atOnceMax: number, read: (config: unknown) => Looking): Watcher {
  const gate = new Gate(atOnceMax);
  return (watch, onEnd) => {
    const looking = read(configOf(watch));
    const cursor = cursorOf(watch);
    const isOfAsset = watch.assetWatch !== null;
    return poll({
      gate,
      ...looking,
      async look(signal) {
        const seen = await looking.look(signal);
        // Of an asset, only what differs from what was told last is an event.
        const isOld = isOfAsset && seen.kind === "found" && digestOf(seen.event) === cursor;
        return isOld ? notYet : seen;
      },
      onFound: (event) =>
        onEnd(isOfAsset ? told([event], digestOf(event)) : fulfilled(watch, event)),
      onFailed: (error) => onEnd(watchFailed(error)),
    });
  };
}
