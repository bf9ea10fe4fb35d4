/** Brings a run everything that happens in it, as the scheduler does: grants what is ready, and tells that it succeeded. */
import {
  clearEffects,
  createRun,
  isRunFinal,
  newEffects,
  transition,
  type InstanceRef,
  type ReadySpan,
  type Run,
  type RunEvent,
} from "@millrace/engine";
import type { Shape } from "./shapes.ts";

/** Task instances that are running at a time. */
const runningMax = 256;

export class Drive {
  readonly run: Run;
  events = 0;
  /** Rows of task instances that a scheduler would write. */
  changes = 0;
  readonly #effects = newEffects();
  readonly #onGrant: (run: Run, ref: InstanceRef) => void;
  /** By task: the lengths that its success tells. */
  readonly #lengths: readonly (readonly number[])[];
  readonly #ready: ReadySpan[] = [];
  #readyAt = 0;
  #readyNext = 0;
  readonly #running: InstanceRef[] = [];
  #runningAt = 0;

  /** @param onGrant is called before each grant. */
  constructor(
    { dag, elements }: Shape,
    onGrant: (run: Run, ref: InstanceRef) => void = () => undefined,
  ) {
    this.#onGrant = onGrant;
    this.#lengths = dag.measures.map((paths) => paths.map(() => elements));
    this.run = createRun(dag, { logicalDate: null, lengthOf: () => null });
    this.#send({ kind: "runStarted", at: 0 });
  }

  /**
   * Goes on until the run is over, or this many events have happened.
   *
   * @throws Error when the engine refuses an event, or the run stands still
   */
  go(untilEvents = Infinity): this {
    while (!isRunFinal(this.run) && this.events < untilEvents) {
      const isFull = this.#running.length - this.#runningAt >= runningMax;
      const next = isFull ? null : this.#nextReady();
      if (next === null) this.#finishOldest();
      else this.#grant(next);
    }
    return this;
  }

  #nextReady(): InstanceRef | null {
    const span = this.#ready[this.#readyAt];
    if (span === undefined) return null;
    const mapIx = span.from + this.#readyNext++;
    if (mapIx + 1 >= span.to) {
      this.#readyAt++;
      this.#readyNext = 0;
    }
    return { ix: span.ix, mapIx };
  }

  #grant({ ix, mapIx }: InstanceRef): void {
    const ref = { ix, mapIx };
    this.#onGrant(this.run, ref);
    this.#send({ kind: "taskGranted", ix, mapIx, at: this.events });
    this.#running.push(ref);
  }

  #finishOldest(): void {
    const oldest = this.#running[this.#runningAt++];
    if (oldest === undefined) throw new Error("No figure: a run stands still.");
    const { ix, mapIx } = oldest;
    const [attempt, hasValue, choice] = [1, true, null];
    const lengths = this.#lengths[ix]!;
    const at = this.events;
    this.#send({ kind: "taskSucceeded", ix, mapIx, attempt, at, hasValue, lengths, choice });
  }

  #send(event: RunEvent): void {
    const effects = this.#effects;
    const { kind } = transition(this.run, event, effects);
    if (kind !== "OK") throw new Error(`No figure: ${event.kind} was answered ${kind}.`);
    this.events++;
    this.changes += effects.changes.length;
    if (effects.ready.length > 0) this.#ready.push(...effects.ready);
    clearEffects(effects);
  }
}
