/** Keeps a server's view of a DAG folder equal to the folder. */

import path from "node:path";
import {
  compileFolder,
  registerFolder,
  watchFolder,
  type CompiledFolder,
  type ImportError,
} from "@millrace/sdk/bundle";
import type { ServerOptions, WorkerLog } from "@millrace/sdk/worker";

export type FolderSyncOptions = {
  /** The folder; its last part names it on the server. */
  readonly dir: string;
  /** Where the server is, with a key that may register DAGs. The folder is compiled before this is known. */
  readonly access: Promise<ServerOptions>;
  readonly log: WorkerLog;
  /** Ends watching. */
  readonly signal: AbortSignal;
};

/**
 * Compiles and registers the folder, then does so again after every change. Resolves after the first registration.
 *
 * @throws MillraceError when the server refuses the key; the signal's reason when it aborts before.
 */
export async function syncFolder(options: FolderSyncOptions): Promise<void> {
  const sync = new FolderSync(options);
  // Watching comes first, so that no change falls between the two.
  await watchFolder(options.dir, () => sync.runAfterChange(), options.signal);
  await sync.run();
}

class FolderSync {
  readonly #options: FolderSyncOptions;
  readonly #folder: string;
  /** What the server has, as it was compiled. */
  #registered = "";
  #known: readonly string[] = [];
  #turn: Promise<void> = Promise.resolve();

  constructor(options: FolderSyncOptions) {
    this.#options = options;
    this.#folder = path.basename(path.resolve(options.dir));
  }

  /** One after the other, so that an older state never replaces a newer one. */
  run(): Promise<void> {
    this.#turn = this.#turn.catch(() => undefined).then(() => this.#runOnce());
    return this.#turn;
  }

  async runAfterChange(): Promise<void> {
    try {
      await this.run();
    } catch (error) {
      // The next change tries again.
      if (!this.#options.signal.aborted) {
        this.#options.log.error({ folder: this.#folder, err: error }, "folder.failed");
      }
    }
  }

  async #runOnce(): Promise<void> {
    const { dir, log, signal } = this.#options;
    const started = performance.now();
    const compiled = await compileFolder(dir, { signal });
    const state = JSON.stringify([compiled.digest, compiled.dags, compiled.errors]);
    if (state === this.#registered) {
      log.debug({ folder: this.#folder }, "folder.unchanged");
      return;
    }
    const compileMs = Math.round(performance.now() - started);
    const errors = await this.#register(compiled);
    this.#registered = state;
    const fields = {
      folder: this.#folder,
      dags: compiled.dags.length,
      errors: errors.length,
      compile_ms: compileMs,
    };
    log.info(fields, "folder.registered");
    this.#report(errors);
  }

  async #register(compiled: CompiledFolder): Promise<readonly ImportError[]> {
    const { log, signal } = this.#options;
    const access = await this.#options.access;
    signal.throwIfAborted();
    return registerFolder(compiled, { access, folder: this.#folder, log, signal });
  }

  /** Each error once, until it changes or goes. */
  #report(errors: readonly ImportError[]): void {
    const seen = errors.map(({ file, message }) => `${file}\n${message}`);
    errors.forEach(({ file, message }, index) => {
      if (!this.#known.includes(seen[index] ?? "")) {
        this.#options.log.error({ folder: this.#folder, file, message }, "folder.import_error");
      }
    });
    this.#known = seen;
  }
}
