/** No-op DAGs of the shapes that are measured. */
import { chain, dag, task, type Handle } from "@millrace/sdk";

const noop = task(function noop() {});

/** 1,000 tasks, one after the other: what a hop costs. */
export const chain1000 = dag("chain_1000", {}, () => {
  let before: Handle<void> | undefined;
  for (let n = 0; n < 1000; n++) {
    const now = noop.with({ id: `link_${n}` })();
    if (before) chain(before, now);
    before = now;
  }
});

/** 10,000 tasks that wait for nothing. */
export const wide10000 = dag("wide_10000", { maxActiveTasks: 10_000 }, () => {
  for (let n = 0; n < 10_000; n++) noop.with({ id: `task_${n}` })();
});

/** One task, for runs of one task each. */
export const single = dag("single", { maxActiveRuns: 10_000 }, () => {
  noop();
});

/** 1 → 2,000 → 1. */
export const fan2000 = dag("fan_2000", { maxActiveTasks: 10_000 }, () => {
  const first = noop.with({ id: "first" })();
  const last = noop.with({ id: "last" })();
  const middle = Array.from({ length: 2000 }, (_, n) => noop.with({ id: `middle_${n}` })());
  chain(first, middle, last);
});
