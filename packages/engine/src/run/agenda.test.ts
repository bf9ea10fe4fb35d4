import * as fc from "fast-check";
import { expect, test } from "vitest";
import { putCells, putTask, takeCells, takeTask } from "./agenda.ts";
import { aDag } from "../testing.ts";

const emptyAgenda = () =>
  aDag({ tasks: Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`t${at}`, {}])) }).blank
    .agenda;

test("tasks are taken in the order of their numbers, each once, whenever they were put there", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(49)), (numbers) => {
      const agenda = emptyAgenda();
      for (const ix of numbers) putTask(agenda, ix);
      const taken: number[] = [];
      for (let ix = takeTask(agenda); ix >= 0; ix = takeTask(agenda)) taken.push(ix);
      expect(taken).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    }),
  );
});

test("cells are taken with their task; a task that is there as a whole needs none", () => {
  const agenda = emptyAgenda();
  putCells(agenda, 3, 0, 2);
  putCells(agenda, 3, 7, 8);
  putCells(agenda, 5, 1, 1);
  putTask(agenda, 4);
  putCells(agenda, 4, 0, 1);
  putCells(agenda, 6, 0, 1);
  putTask(agenda, 6);
  expect(takeTask(agenda)).toBe(3);
  expect(takeCells(agenda, 3)).toEqual([0, 2, 7, 8]);
  for (const ix of [4, 6]) {
    expect(takeTask(agenda)).toBe(ix);
    expect(takeCells(agenda, ix)).toBeUndefined();
  }
  expect(takeTask(agenda)).toBe(-1);
});
