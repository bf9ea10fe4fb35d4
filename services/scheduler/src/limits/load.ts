/** What is counted of a DAG over all its runs. */

/** Of one DAG. What a run adds stays while the run is being read again, so that limits hold meanwhile. */
export type DagLoad = {
  /** Task instances that hold a worker. */
  active: number;
  /** Instances that `max_active_tis` counts, by task id; of tasks with such limits only. */
  readonly byTask: Map<string, number>;
  /** By run key: what it adds. */
  readonly shares: Map<number, RunShare>;
};

export type RunShare = { active: number; readonly byTask: Map<string, number> };

export function newDagLoad(): DagLoad {
  return { active: 0, byTask: new Map(), shares: new Map() };
}
