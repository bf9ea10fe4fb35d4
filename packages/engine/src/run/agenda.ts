/**
 * The tasks to judge after an event, in topological order: each is judged once, when everything before it has come to
 * rest. So what one event decides does not hang on the order in which its consequences are found.
 */

import type { Agenda } from "./run-data.ts";

/** Puts a whole task on the agenda. */
export function putTask(agenda: Agenda, ix: number): void {
  if (agenda.cells.size > 0) agenda.cells.delete(ix);
  if (agenda.isQueued[ix] === 0) push(agenda, ix);
}

/** Puts cells of a task on the agenda, from one up to, without, another. */
export function putCells(agenda: Agenda, ix: number, from: number, to: number): void {
  if (from >= to) return;
  const known = agenda.cells.get(ix);
  if (known) known.push(from, to);
  else if (agenda.isQueued[ix] === 0) {
    agenda.cells.set(ix, [from, to]);
    push(agenda, ix);
  }
}

/** Takes the first task; -1 when there is none. Ask for its cells with `takeCells`. */
export function takeTask(agenda: Agenda): number {
  const { heap, isQueued } = agenda;
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined) return -1;
  if (heap.length > 0) sink(heap, last);
  isQueued[first] = 0;
  return first;
}

/** The cells of the task that was taken; undefined for all. */
export function takeCells({ cells }: Agenda, ix: number): readonly number[] | undefined {
  const known = cells.get(ix);
  if (known) cells.delete(ix);
  return known;
}

function push({ heap, isQueued }: Agenda, ix: number): void {
  isQueued[ix] = 1;
  let at = heap.length;
  heap.push(ix);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent]! <= ix) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = ix;
}

/** Lets an item find its place from the top. */
function sink(heap: number[], item: number): void {
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child += 1;
    if (heap[child]! >= item) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = item;
}
