import fc from "fast-check";
import { expect, test } from "vitest";
import { createReadyQueue, type LineKey } from "./ready-queue.ts";

type Run = { readonly key: number; readonly dagId: string };
const line: LineKey = { queue: "default", handler: null };

function aQueue() {
  const queue = createReadyQueue<Run>();
  return {
    ...queue,
    takeAll(): string[] {
      const taken: string[] = [];
      for (const each of queue.lines()) {
        for (let next = queue.take(each); next !== null; next = queue.take(each)) {
          taken.push(`${next.run.dagId}${next.run.key}.${next.task.ix}`);
        }
      }
      return taken;
    },
  };
}
const aRun = (dagId: string, key: number): Run => ({ dagId, key });
const aTask = (ix: number, priority = 1, readyAt = 0) => ({
  ...{ ix, priority, readyAt },
  from: -1,
  to: 0,
});

test("within a DAG the highest priority goes first, then the oldest, over all its runs", () => {
  const queue = aQueue();
  const [one, two] = [aRun("a", 1), aRun("a", 2)];
  queue.add(one, line, aTask(0, 1, 10));
  queue.add(one, line, aTask(1, 5, 20));
  queue.add(two, line, aTask(2, 5, 15));
  queue.add(two, line, aTask(3, 1, 5));
  expect(queue.takeAll()).toEqual(["a2.2", "a1.1", "a2.3", "a1.0"]);
});

test("DAGs take turns, whatever their tasks' priority and however many they have", () => {
  const queue = aQueue();
  const [a, b] = [aRun("a", 1), aRun("b", 2)];
  for (let ix = 0; ix < 3; ix++) queue.add(a, line, aTask(ix, 9));
  queue.add(b, line, aTask(0));
  queue.add(b, line, aTask(1));
  expect(queue.takeAll()).toEqual(["a1.0", "b2.0", "a1.1", "b2.1", "a1.2"]);
});

test("a parked run or DAG gives nothing and does not count, and has its place back when it is unparked", () => {
  const queue = aQueue();
  const [a, b] = [aRun("a", 1), aRun("b", 2)];
  queue.add(a, line, aTask(0));
  queue.add(b, line, aTask(0));
  queue.setRunParked(a, true);
  queue.setDagParked("b", true);
  queue.add(a, line, aTask(1, 5));
  const [only] = [...queue.lines()];
  expect(only && queue.hasWork(only)).toBe(false);
  expect(only && queue.count(only, () => 10, 100)).toBe(0);
  expect(queue.takeAll()).toEqual([]);
  queue.setRunParked(a, false);
  queue.setDagParked("b", false);
  expect(only && queue.count(only, () => 1, 100)).toBe(2);
  expect(queue.takeAll().toSorted()).toEqual(["a1.0", "a1.1", "b2.0"]);
});

test("instances that became ready together are one entry, and are taken in the order of their indexes", () => {
  const queue = aQueue();
  const a = aRun("a", 1);
  queue.add(a, line, { ...aTask(0), from: 0, to: 100_000 });
  const [only] = [...queue.lines()];
  if (only === undefined) throw new Error("There is no line.");
  const mapIxs = () => queue.take(only)?.task.mapIx;
  expect([mapIxs(), mapIxs()]).toEqual([0, 1]);
  expect(queue.count(only, () => 1_000_000, 1_000_000)).toBe(99_998);
  // One that could not be granted comes back, and is the first again.
  queue.add(a, line, { ...aTask(0), from: 1, to: 2 });
  expect([mapIxs(), mapIxs(), mapIxs()]).toEqual([1, 2, 3]);
});

test("a removed run leaves nothing behind", () => {
  const queue = aQueue();
  const [a, b] = [aRun("a", 1), aRun("a", 2)];
  queue.add(a, line, aTask(0, 9));
  queue.add(b, line, aTask(1));
  queue.remove(a);
  expect(queue.takeAll()).toEqual(["a2.1"]);
});

/** What to do to the queue and to a model that is a plain list. */
const step = fc.oneof(
  fc.record({ kind: fc.constant("add"), run: fc.nat(5), priority: fc.nat(3) }),
  fc.record({ kind: fc.constant("add wide"), run: fc.nat(5), priority: fc.nat(3) }),
  fc.record({ kind: fc.constant("take"), run: fc.constant(0), priority: fc.constant(0) }),
  fc.record({ kind: fc.constant("park"), run: fc.nat(5), priority: fc.nat(1) }),
  fc.record({ kind: fc.constant("pause"), run: fc.nat(2), priority: fc.nat(1) }),
  fc.record({ kind: fc.constant("remove"), run: fc.nat(5), priority: fc.constant(0) }),
);

test("every instance is taken once, never while parked, and always the first of its DAG", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const queue = createReadyQueue<Run>();
      const runs = Array.from({ length: 6 }, (_, key) => aRun(`d${key % 3}`, key));
      let model: { run: Run; ix: number; mapIx: number; priority: number }[] = [];
      const parked = new Set<Run>();
      const paused = new Set<string>();
      const open = () => model.filter(({ run }) => !parked.has(run) && !paused.has(run.dagId));
      for (const [at, { kind, run: key, priority }] of steps.entries()) {
        const run = runs[key]!;
        if (kind === "add") {
          model.push({ run, ix: at, mapIx: -1, priority });
          queue.add(run, line, aTask(at, priority, at));
        } else if (kind === "add wide") {
          for (let mapIx = 0; mapIx < 3; mapIx++) model.push({ run, ix: at, mapIx, priority });
          queue.add(run, line, { ...aTask(at, priority, at), from: 0, to: 3 });
        } else if (kind === "park") {
          if (priority === 1) parked.add(run);
          else parked.delete(run);
          queue.setRunParked(run, priority === 1);
        } else if (kind === "pause") {
          if (priority === 1) paused.add(run.dagId);
          else paused.delete(run.dagId);
          queue.setDagParked(run.dagId, priority === 1);
        } else if (kind === "remove") {
          model = model.filter((each) => each.run !== run);
          parked.delete(run);
          queue.remove(run);
        } else {
          const [only] = [...queue.lines()];
          const taken = only === undefined ? null : queue.take(only);
          if (taken === null) {
            expect(open()).toEqual([]);
            continue;
          }
          const rivals = open().filter((each) => each.run.dagId === taken.run.dagId);
          const best = rivals.toSorted(
            (a, b) => b.priority - a.priority || a.ix - b.ix || a.mapIx - b.mapIx,
          )[0];
          expect([taken.task.ix, taken.task.mapIx]).toEqual([best?.ix, best?.mapIx]);
          model = model.filter((each) => each !== best);
        }
        const [only] = [...queue.lines()];
        if (only !== undefined) expect(queue.count(only, () => 1_000, 1_000)).toBe(open().length);
      }
    }),
  );
});

test("what a closed gate holds is passed over, costs nothing, and has its place when the gate opens", () => {
  let open = 0;
  const gate = { room: () => open };
  const own = { room: () => open };
  const queue = aQueue();
  const [a, b] = [aRun("a", 1), aRun("b", 2)];
  queue.add(a, { ...line, gate }, aTask(0, 9));
  queue.add(a, { ...line, ownGate: own }, aTask(1, 8));
  queue.add(b, { ...line, gate }, aTask(2));
  queue.add(b, line, aTask(3));
  const [only] = [...queue.lines()];
  expect(only && queue.count(only, () => 10, 100)).toBe(1);
  expect(queue.hasGates()).toBe(true);
  expect([...queue.gated(() => 10, 100).values()]).toEqual([2]);
  expect(queue.takeAll()).toEqual(["b2.3"]);
  open = 1;
  queue.wake("a");
  expect(queue.takeAll().toSorted()).toEqual(["a1.0", "a1.1", "b2.2"]);
  expect(queue.hasGates()).toBe(false);
});

/**
 * DAGs with tasks behind gates that open and close at random, and some that are parked for a while. A DAG whose first task
 * could start waits for each other DAG twice at the most: once for its turn, once for what it had begun before.
 */
test("fair share: no DAG that could start something is passed by another more than twice (docs/pools-and-limits.md)", () => {
  const task = fc.record({
    dag: fc.nat(5),
    gate: fc.nat(3),
    count: fc.integer({ min: 1, max: 6 }),
  });
  const event = fc.record({
    kind: fc.constantFrom("take", "take", "take", "gate", "park"),
    at: fc.nat(5),
  });
  fc.assert(
    fc.property(
      fc.array(task, { minLength: 1, maxLength: 30 }),
      fc.array(event, { maxLength: 150 }),
      (tasks, events) => {
        const queue = createReadyQueue<Run>();
        const runs = Array.from({ length: 6 }, (_, key) => aRun(`d${key}`, key));
        const isOpen = [true, true, true, true];
        const shared = isOpen.map((_, at) =>
          at === 0 ? null : { room: () => Number(isOpen[at]) },
        );
        const left = new Map<string, number>();
        for (const [ix, { dag, gate, count }] of tasks.entries()) {
          queue.add(
            runs[dag]!,
            { ...line, gate: shared[gate]! },
            { ...aTask(ix), from: 0, to: count },
          );
          const key = `d${dag} ${gate}`;
          left.set(key, (left.get(key) ?? 0) + count);
        }
        const parked = new Set<string>();
        const couldStart = (dagId: string) =>
          !parked.has(dagId) &&
          isOpen.some((open, gate) => open && (left.get(`${dagId} ${gate}`) ?? 0) > 0);
        /** By DAG that waits, how often each other was served since it could start. */
        const passed = new Map<string, Map<string, number>>();
        for (const { kind, at } of events) {
          if (kind === "gate" && at > 0 && at < 4) isOpen[at] = !isOpen[at];
          if (kind === "park") {
            const dagId = `d${at}`;
            if (!parked.delete(dagId)) parked.add(dagId);
            queue.setDagParked(dagId, parked.has(dagId));
          }
          for (const { dagId } of runs) if (!couldStart(dagId)) passed.delete(dagId);
          if (kind !== "take") continue;
          const [only] = [...queue.lines()];
          const taken = only === undefined ? null : queue.take(only);
          const able = runs.filter(({ dagId }) => couldStart(dagId));
          expect(taken === null).toBe(able.length === 0);
          if (taken === null) continue;
          const { dagId } = taken.run;
          const key = `${dagId} ${tasks[taken.task.ix]!.gate}`;
          left.set(key, left.get(key)! - 1);
          passed.delete(dagId);
          for (const other of able) {
            if (other.dagId === dagId) continue;
            const by = passed.get(other.dagId) ?? new Map<string, number>();
            passed.set(other.dagId, by.set(dagId, (by.get(dagId) ?? 0) + 1));
            expect(by.get(dagId)).toBeLessThanOrEqual(2);
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});
