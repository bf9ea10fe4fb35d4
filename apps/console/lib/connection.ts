"use client";
/** What the live chip says: whether the server answers, and whether a stream is feeding the page. */
import { useSyncExternalStore } from "react";

export type LiveStatus =
  | { readonly kind: "live" }
  | { readonly kind: "catching_up" }
  | { readonly kind: "polling" }
  | { readonly kind: "offline"; readonly since: number };

export type StreamPhase = "open" | "connecting" | "refused";

/** A plain store: streams report their phase under a name, calls report whether they reached the server. */
class Connection {
  #streams = new Map<string, StreamPhase>();
  #lostAt: number | null = null;
  #lastReachedAt = 0;
  #status: LiveStatus = { kind: "polling" };
  readonly #listeners = new Set<() => void>();

  reached(): void {
    this.#lastReachedAt = Date.now();
    if (this.#lostAt === null) return;
    this.#lostAt = null;
    this.#changed();
  }

  lost(): void {
    if (this.#lostAt !== null) return;
    this.#lostAt = this.#lastReachedAt || Date.now();
    this.#changed();
  }

  stream(name: string, phase: StreamPhase | null): void {
    if (phase === null) this.#streams.delete(name);
    else this.#streams.set(name, phase);
    if (phase === "open") this.reached();
    this.#changed();
  }

  readonly status = (): LiveStatus => this.#status;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #changed(): void {
    const phases = [...this.#streams.values()];
    this.#status =
      this.#lostAt !== null
        ? { kind: "offline", since: this.#lostAt }
        : phases.includes("connecting")
          ? { kind: "catching_up" }
          : phases.includes("open")
            ? { kind: "live" }
            : { kind: "polling" };
    for (const listener of this.#listeners) listener();
  }
}

export const connection = new Connection();

const serverStatus: LiveStatus = { kind: "polling" };

export function useLiveStatus(): LiveStatus {
  return useSyncExternalStore(connection.subscribe, connection.status, () => serverStatus);
}
