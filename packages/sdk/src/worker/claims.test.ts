import * as fc from "fast-check";
import { expect, test } from "vitest";
import { claim, Claims } from "./claims.ts";

test("an attempt is begun or taken back, never both and never twice", () => {
  const claims = new Claims(1);
  const cells = new Int32Array(claims.buffer);
  const first = claims.offer()!;
  expect(claim(cells, first.cell, first.serial)).toBe(true);
  expect(claims.takeBack(first)).toBe(false);
  expect(claim(cells, first.cell, first.serial)).toBe(false);
  claims.release(first);
  const second = claims.offer()!;
  expect(claims.takeBack(second)).toBe(true);
  expect(claims.takeBack(second)).toBe(false);
  expect(claim(cells, second.cell, second.serial)).toBe(false);
});

test("a message about an attempt that was taken back cannot begin the next one in its cell", () => {
  const claims = new Claims(1);
  const cells = new Int32Array(claims.buffer);
  const old = claims.offer()!;
  claims.takeBack(old);
  const next = claims.offer()!;
  expect(next.cell).toBe(old.cell);
  expect(claim(cells, old.cell, old.serial)).toBe(false);
  expect(claim(cells, next.cell, next.serial)).toBe(true);
});

test("no more is offered than there are cells", () => {
  const claims = new Claims(2);
  expect(
    [claims.offer(), claims.offer(), claims.offer()].filter((offer) => offer !== null),
  ).toHaveLength(2);
});

test("whatever the order of offers, claims, take-backs and ends, every attempt has one fate", () => {
  const steps = fc.array(
    fc.tuple(fc.constantFrom("offer", "claim", "takeBack", "end"), fc.nat(20)),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(steps, (script) => {
      const claims = new Claims(4);
      const cells = new Int32Array(claims.buffer);
      const offers: { cell: number; serial: number; fate: string[] }[] = [];
      for (const [step, pick] of script) {
        if (step === "offer") {
          const offer = claims.offer();
          if (offer !== null) offers.push({ ...offer, fate: [] });
          continue;
        }
        const offer = offers[pick % Math.max(1, offers.length)];
        if (offer === undefined) continue;
        if (step === "claim" && claim(cells, offer.cell, offer.serial)) offer.fate.push("begun");
        if (step === "takeBack" && offer.fate.at(-1) !== "ended" && claims.takeBack(offer))
          offer.fate.push("back");
        if (step === "end" && offer.fate.at(-1) === "begun") {
          claims.release(offer);
          offer.fate.push("ended");
        }
      }
      for (const { fate } of offers)
        expect(["", "begun", "back", "begun,ended"]).toContain(fate.join());
    }),
  );
});
