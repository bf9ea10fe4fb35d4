/** External tasks that choose and look: their stand-ins answer as bodies of that kind do. */
import { chain, choice, dag, done, each, externalTask, gate, group, task } from "@millrace/sdk";
import { expect, test } from "vitest";
import { ok, runDag, startDag } from "./index.ts";

const note = task(function note(text: string): string {
  return text;
});
const size = externalTask<[rows: number], "big" | "small">({ handler: "size_of", kind: "branch" });

test("a branch in another language takes the case that it names", async () => {
  const sized = dag("sized", {}, () =>
    group("one", each([1, 5]), (rows) => {
      const many = note.with({ id: "many" });
      choice(size(rows)).cases({ big: () => many("big"), small: () => note("small") });
    }),
  );
  const run = await runDag(sized, {
    handlers: { size_of: (rows: number) => (rows > 1 ? "big" : "small") },
  });
  expect(run.task("one.many").instances.map(({ state }) => state)).toEqual(["skipped", "success"]);
  expect(run.task("one.note").instances.map(({ state }) => state)).toEqual(["success", "skipped"]);
  const wrong = await runDag(sized, { handlers: { size_of: () => "huge" } });
  expect(wrong.task("one.size_of").instances[0]?.failure?.message).toContain('chose "huge"');
});

test("a short circuit in another language skips what follows", async () => {
  const isOpen = externalTask<[], boolean>({ handler: "is_open", kind: "shortCircuit" });
  const gated = dag("gated", {}, () => chain(gate(isOpen()), note("open")));
  const run = await runDag(gated, { handlers: { is_open: () => false } });
  expect(run.task("note").state).toBe("skipped");
});

test("a sensor in another language is looked at until it is done, on virtual time", async () => {
  const wait = externalTask<[], string>({ handler: "wait", kind: "sensor", interval: "1h" });
  const run = startDag(
    dag("waiting", {}, () => note(wait())),
    { outcomes: { wait: [ok(false), ok(false), ok(done("there"))] } },
  );
  await run.advance("119m");
  expect(run.task("wait").state).toBe("running");
  await run.finish();
  expect(run.result).toBe("there");
});
