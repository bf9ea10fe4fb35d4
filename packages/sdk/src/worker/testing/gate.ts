/** Bodies that last until a test lets them go. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export type Gate = Disposable & {
  /** Source text of a body that says `begun` and returns "done" once the gate is open. */
  readonly waits: string;
  /** The same, but without ever giving its event loop a turn; says `begun` again and again. */
  readonly blocks: string;
  open(): void;
};

/** A file, since bodies run in threads and processes of their own. */
export function aGate(): Gate {
  const dir = mkdtempSync(path.join(tmpdir(), "millrace-gate-"));
  const file = path.join(dir, "open");
  const isOpen = `existsSync(${JSON.stringify(file)})`;
  return {
    waits: `async () => {
      console.log("begun");
      const { existsSync } = await import("node:fs");
      while (!${isOpen}) await new Promise((resolve) => setTimeout(resolve, 20));
      return "done";
    }`,
    blocks: `async () => {
      const { existsSync } = await import("node:fs");
      for (let next = 0; !${isOpen};) {
        if (performance.now() < next) continue;
        console.log("begun");
        next = performance.now() + 50;
      }
      return "done";
    }`,
    open: () => writeFileSync(file, ""),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}
