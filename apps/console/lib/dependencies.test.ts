import { create } from "@bufbuild/protobuf";
import { DagDependencySchema, DependencyKind } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { pictureOf } from "./dependencies.ts";

function arrow(from: string, to: string, kind: DependencyKind) {
  return create(DagDependencySchema, { from: { id: from }, to: { id: to }, kind });
}

function edgesOf(...all: ReturnType<typeof arrow>[]): string[] {
  return pictureOf(all).edges.map((one) => `${one.fromTaskId} ${one.label} ${one.toTaskId}`);
}

test("arrows between the same two DAGs are one, with all that is said", () => {
  expect(
    edgesOf(arrow("a", "b", DependencyKind.TRIGGERS), arrow("a", "b", DependencyKind.WAITS_FOR)),
  ).toEqual(["a triggers, is waited for b"]);
});

test("what closes a circle is drawn the other way round and says so", () => {
  const { TRIGGERS } = DependencyKind;
  expect(
    edgesOf(arrow("a", "b", TRIGGERS), arrow("b", "c", TRIGGERS), arrow("c", "a", TRIGGERS)),
  ).toEqual(["a triggers b", "b triggers c", "a ↩ triggers c"]);
});

test("a DAG that only has to do with itself is there, without an arrow", () => {
  const picture = pictureOf([arrow("a", "a", DependencyKind.TRIGGERS)]);
  expect(picture.tasks.map(({ taskId }) => taskId)).toEqual(["a"]);
  expect(picture.edges).toEqual([]);
});
