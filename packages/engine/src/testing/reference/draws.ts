/** Numbers from which random DAGs are made. */

/** One number for each source of an axis. */
export type AxisDraw = readonly number[];

/** Numbers from which a task is made; whatever they are, the DAG is sound. */
export type Draw = {
  readonly parents: readonly number[];
  readonly role: number;
  readonly rule: number;
  readonly control: number;
  readonly cases: readonly number[];
  readonly each: readonly AxisDraw[];
  readonly isMapped: number;
  readonly group: number;
  readonly retries: number;
  readonly timesOut: boolean;
};

export type GroupDraw = {
  readonly parent: number;
  readonly isMapped: number;
  readonly each: readonly AxisDraw[];
};

/** Which features a DAG uses: small ones of each are found, and shrunk, sooner than everything at once. */
export type Mix = {
  readonly failFast: boolean;
  readonly hasMapping: boolean;
  readonly hasGroups: boolean;
  readonly hasSetups: boolean;
  readonly hasControl: boolean;
  readonly hasRules: boolean;
  readonly timesOut: boolean;
};
