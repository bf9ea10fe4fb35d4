import { expect, test } from "vitest";
import { evidenceOf } from "./evidence.ts";

test("what a reason names is a link, and what is no thing of its own stays a fact", () => {
  const { places, facts } = evidenceOf({
    evidence: { run_id: "run_7", run_name: "scheduled__a", task_id: "load", state: "failed" },
  });
  expect(places).toEqual([{ href: "/runs/run_7?task=load", label: "load in scheduled__a" }]);
  expect(facts).toEqual([["state", "failed"]]);
});

test("those who hold the slots of a pool are named one by one, with the pool", () => {
  const { places, facts } = evidenceOf({
    evidence: {
      ...{ pool: "warehouse", wanted: "2", slots: "8" },
      held_by: "etl run_7 load, wide.dag run_1z staging.copy[12]",
    },
  });
  expect(places).toEqual([
    { href: "/pools", label: "Pool warehouse" },
    { href: "/runs/run_7?task=load", label: "load of etl, run_7" },
    {
      href: "/runs/run_1z?task=staging.copy&map=12",
      label: "staging.copy[12] of wide.dag, run_1z",
    },
  ]);
  expect(facts.map(([name]) => name)).toEqual(["wanted", "slots"]);
});

test("an asset, a DAG and a backfill lead to their pages; a DAG that is not there leads nowhere", () => {
  const hrefs = (evidence: Record<string, string>) =>
    evidenceOf({ evidence }).places.map(({ href }) => href);
  expect(hrefs({ uri: "s3://shop/orders" })).toEqual([
    "/assets/asset?uri=s3%3A%2F%2Fshop%2Forders",
  ]);
  expect(hrefs({ dag_id: "etl", backfill_id: "backfill_1" })).toEqual([
    "/dags/etl",
    "/backfills/backfill_1",
  ]);
  expect(evidenceOf({ evidence: { dag_id: "etl", dag: "missing" } })).toEqual({
    places: [],
    facts: [
      ["dag id", "etl"],
      ["dag", "missing"],
    ],
  });
});
