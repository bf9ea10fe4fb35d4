/** What every bus guarantees, as tests. `makePair` gives two nodes; a local bus has no others, so both are one. */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BusUnavailable, busLimits, type Bus } from "./bus.ts";

export type BusPair = { readonly a: Bus; readonly b: Bus };

/** For requests that are answered: a node that stood still for a moment is slow, not silent. */
const timeoutMs = 30_000;
/** For those that may get lost while links are being made, and are sent again. */
const tryMs = 2_000;
const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (data: Uint8Array) => new TextDecoder().decode(data);

export function busContract(name: string, makePair: () => Promise<BusPair>): void {
  describe(`${name} keeps the contract of a bus`, () => {
    let pair: BusPair;
    beforeEach(async () => {
      pair = await makePair();
    });
    afterEach(async () => {
      await Promise.all([pair.a.close(), pair.b.close()]);
    });

    /** Resolves once what `from` subscribed so far reaches it from `to`: a request there and back comes after it. */
    async function settled(): Promise<void> {
      for (const [near, far] of [
        [pair.a, pair.b],
        [pair.b, pair.a],
      ] as const) {
        const subject = `settled.${crypto.randomUUID()}`;
        const responder = near.respond(subject, (data) => Promise.resolve(data));
        await expect
          .poll(
            () => far.request(subject, bytes("?"), { timeoutMs: tryMs }).then(textOf, () => ""),
            {
              timeout: 20_000,
            },
          )
          .toBe("?");
        responder.close();
      }
    }

    test("a message reaches every subscriber once, in its own node and in others", async () => {
      const got: string[] = [];
      pair.a.subscribe("runs.1", (data) => got.push(`a ${textOf(data)}`));
      pair.a.subscribe("runs.1", (data) => got.push(`a again ${textOf(data)}`));
      pair.b.subscribe("runs.1", (data) => got.push(`b ${textOf(data)}`));
      await settled();
      pair.a.publish("runs.1", bytes("x"));
      await expect.poll(() => got.toSorted()).toEqual(["a again x", "a x", "b x"]);
      await settled();
      expect(got).toHaveLength(3);
    });

    test("messages of one sender on one subject come in order", async () => {
      const got: number[] = [];
      pair.b.subscribe("runs.2", (data) => got.push(Number(textOf(data))));
      await settled();
      const sent = Array.from({ length: 500 }, (_, i) => i);
      for (const i of sent) pair.a.publish("runs.2", bytes(String(i)));
      await expect.poll(() => got.length).toBe(500);
      expect(got).toEqual(sent);
    });

    test("* stands for one word and > for the rest; overlapping patterns each get the message", async () => {
      const got: string[] = [];
      for (const pattern of [
        "owner.*.grant",
        "owner.>",
        "owner.n1.grant",
        "*.n1.command",
        "owner",
      ]) {
        pair.b.subscribe(pattern, (_data, subject) => got.push(`${pattern} ${subject}`));
      }
      await settled();
      pair.a.publish("owner.n1.grant", bytes(""));
      const want = ["owner.*.grant", "owner.>", "owner.n1.grant"]
        .map((p) => `${p} owner.n1.grant`)
        .toSorted();
      await expect.poll(() => got.toSorted()).toEqual(want);
    });

    test("nothing is delivered before the publishing call has returned, nor after a subscription is closed", async () => {
      const got: string[] = [];
      const subscription = pair.a.subscribe("demand", (data) => got.push(textOf(data)));
      pair.a.publish("demand", bytes("1"));
      expect(got).toEqual([]);
      await expect.poll(() => got).toEqual(["1"]);
      subscription.close();
      subscription.close();
      pair.a.publish("demand", bytes("2"));
      await settled();
      expect(got).toEqual(["1"]);
    });

    test("a handler that throws harms no other", async () => {
      const got: string[] = [];
      pair.a.subscribe("demand", () => {
        throw new Error("broken");
      });
      pair.a.subscribe("demand", (data) => got.push(textOf(data)));
      pair.a.publish("demand", bytes("x"));
      await expect.poll(() => got).toEqual(["x"]);
    });

    test("a request is answered by the responder, wherever it is", async () => {
      pair.a.respond("owner.a.command", (data) => Promise.resolve(bytes(`a got ${textOf(data)}`)));
      await settled();
      for (const asker of [pair.a, pair.b]) {
        const answer = await asker.request("owner.a.command", bytes("hi"), { timeoutMs });
        expect(textOf(answer)).toBe("a got hi");
      }
    });

    test("many requests at once each get their own answer", async () => {
      pair.a.respond("owner.a.command", (data) => Promise.resolve(data));
      await settled();
      const asked = Array.from({ length: 200 }, (_, i) => String(i));
      const answers = await Promise.all(
        asked.map((i) => pair.b.request("owner.a.command", bytes(i), { timeoutMs })),
      );
      expect(answers.map(textOf)).toEqual(asked);
    });

    test("a request without responder, with a failing one and with a silent one is BusUnavailable", async () => {
      pair.a.respond("owner.failing", () => Promise.reject(new Error("secret detail")));
      pair.a.respond("owner.silent", () => new Promise(() => undefined));
      await settled();
      for (const asker of [pair.a, pair.b]) {
        for (const subject of ["owner.nobody", "owner.failing", "owner.silent"]) {
          const limit = subject === "owner.silent" ? 50 : timeoutMs;
          const error: unknown = await asker
            .request(subject, bytes(""), { timeoutMs: limit })
            .catch((e: unknown) => e);
          expect(error).toBeInstanceOf(BusUnavailable);
          expect(String(error)).not.toContain("secret detail");
        }
      }
    });

    test("a subject has one responder in a node, and is free again after it is closed", async () => {
      const first = pair.a.respond("owner.a.command", () => Promise.resolve(bytes("first")));
      expect(() => pair.a.respond("owner.a.command", () => Promise.resolve(bytes("x")))).toThrow(
        TypeError,
      );
      first.close();
      pair.a.respond("owner.a.command", () => Promise.resolve(bytes("second")));
      first.close();
      await settled();
      for (const asker of [pair.a, pair.b]) {
        expect(textOf(await asker.request("owner.a.command", bytes(""), { timeoutMs }))).toBe(
          "second",
        );
      }
    });

    test("messages and answers of several MiB arrive whole, and those over the limit are refused", async () => {
      const big = new Uint8Array(5 * 1024 * 1024 + 17).map((_, i) => i % 251);
      const got: Uint8Array[] = [];
      pair.b.subscribe("api.b.assign", (data) => got.push(data));
      pair.b.respond("owner.b.results", (data) => Promise.resolve(data));
      await settled();
      pair.a.publish("api.b.assign", big);
      const answer = await pair.a.request("owner.b.results", big, { timeoutMs });
      await expect.poll(() => got.length).toBe(1);
      expect(Buffer.compare(answer, big)).toBe(0);
      expect(Buffer.compare(got[0] ?? new Uint8Array(), big)).toBe(0);
      const over = new Uint8Array(busLimits.messageBytesMax + 1);
      expect(() => pair.a.publish("api.b.assign", over)).toThrow(RangeError);
    });

    test("subjects and patterns that cannot work are refused", () => {
      expect(() => pair.a.publish("a b", bytes(""))).toThrow(TypeError);
      expect(() => pair.a.publish("a.*", bytes(""))).toThrow(TypeError);
      expect(() => pair.a.subscribe("a.>.b", () => undefined)).toThrow(TypeError);
      expect(() => pair.a.subscribe("", () => undefined)).toThrow(TypeError);
    });

    test("closing rejects open requests and may be repeated", async () => {
      pair.a.respond("owner.silent", () => new Promise(() => undefined));
      const open = pair.a.request("owner.silent", bytes(""), { timeoutMs: 60_000 });
      const rejected = expect(open).rejects.toBeInstanceOf(BusUnavailable);
      await pair.a.close();
      await pair.a.close();
      await rejected;
      await expect(pair.a.request("x", bytes(""), { timeoutMs })).rejects.toBeInstanceOf(
        BusUnavailable,
      );
    });
  });
}
