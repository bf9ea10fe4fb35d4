/** What a run keeps beside its state, mostly arrays: by slot, by task, by mapped group. */

/**
 * The task instances of a run, by slot. Slots 0 … tasks-1 are the tasks themselves: the one instance of a task that is
 * not mapped, or what stands for a mapped one until it is expanded (`mapIx` -1). Expanding a task gives its instances a
 * row of slots behind them.
 */
export type Instances = {
  /** Slots in use; the arrays may be longer. */
  size: number;
  /** By slot. 0 where there is no instance: a mapped task that has been expanded. */
  state: Uint8Array;
  /** Grants so far: the number in the fence. */
  attempt: Uint32Array;
  /** Grants that spend no retry. */
  uncounted: Uint32Array;
  /** Grants whose worker was lost. */
  losses: Uint8Array;
  /** Bits: `instanceFlags`. */
  flags: Uint8Array;
  /**
   * By task: the first slot of its instances, and their number, those `removed` included; -1 until it is expanded. Not
   * mapped: its own slot, 1.
   */
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** The rows of slots behind the tasks in order, to find whose a slot is. */
  readonly rows: { readonly start: number; readonly ix: number }[];
};

/** The counters of a run: `tallies.ts`. */
export type Tallies = {
  /** A row for each task, at `CompiledDag.tallyAt`. */
  readonly shared: Int32Array;
  /** Rows by cell of the tasks that have something before them in their mapped group. */
  own: Int32Array;
  ownSize: number;
  /** By task: where its own rows begin; -1 when it has none. */
  readonly ownAt: Int32Array;
  /** By mapped task that was expanded: its instances that are not final. */
  readonly open: Int32Array;
  /** By mapped task that was expanded: its instances that are `none`. */
  readonly idle: Int32Array;
  /** Too much has changed to follow it arrow by arrow: `settle` counts from scratch before it judges further. */
  isStale: boolean;
};

/** How long the lists are that a run's mappings walk over: `lengths.ts`. */
export type MapLengths = {
  /** By unit of `MappingPlan`: its length as its sources are now, or one of `lengthStatus`. */
  readonly known: Int32Array;
  /** By unit: the length by which instances were made; -1 before. The other differs from it after sources ran again. */
  readonly used: Int32Array;
  /** By frame: how many instances it has in all, from outside in, by `used`; 0 before. */
  readonly cells: Int32Array;
  /** By task whose value is measured: what its success told. */
  readonly measured: Map<number, readonly number[]>;
  /** By mapped task that others map over: how many instances succeeded with a value. */
  readonly valued: Map<number, number>;
  /** The same as a list of their map indexes, made when it is asked for. */
  readonly valuedIx: Map<number, Int32Array>;
};

/** The tasks to judge after an event: `agenda.ts`. */
export type Agenda = {
  /** Task indexes, the least first: a binary heap. */
  readonly heap: number[];
  /** By task: 1 while it is in the heap. */
  readonly isQueued: Uint8Array;
  /** Of tasks in mapped groups of which only some cells are to be judged: from, to, from, to … */
  readonly cells: Map<number, number[]>;
};
