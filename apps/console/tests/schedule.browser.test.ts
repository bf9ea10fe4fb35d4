import { afterAll, beforeAll, expect, test } from "vitest";
import { violationsOf } from "./accessibility.ts";
import { startStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

const open = () => stage.open("/dags/example_dag?tab=schedule", { timezoneId: "UTC" });
const dayIn = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

test("the schedule is told in words, with what comes next and a calendar of what was", async () => {
  // Whatever the hour is: the last run of its history may have been yesterday.
  stage.trigger("example_dag", { logicalDate: Date.now() });
  await using visit = await open();
  const { page, complaints } = visit;
  await page
    .getByRole("region", { name: "Schedule" })
    .getByText("only the newest counts")
    .waitFor();
  const rows = page.getByRole("region", { name: "Next runs" }).getByRole("row");
  expect(await rows.count()).toBe(21);
  const calendar = page.getByRole("region", { name: "Calendar" });
  await calendar
    .getByRole("cell", { name: new RegExp(`${dayIn(0)}: .*(succeeded|failed)`) })
    .waitFor();
  expect(await calendar.getByRole("cell", { name: /planned/ }).count()).toBeGreaterThan(0);
  expect(await violationsOf(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

test("the months before and after are a step away, and live in the address", async () => {
  await using visit = await open();
  const { page } = visit;
  const calendar = page.getByRole("region", { name: "Calendar" });
  await calendar.getByRole("button", { name: "The month after" }).click();
  await page.waitForURL(/month=\d{4}-\d{2}/);
  await calendar.getByText("planned").first().waitFor();
  await page.reload();
  await calendar.getByRole("button", { name: "This month" }).click();
  await page.waitForURL((url) => !url.search.includes("month"));
});

test("what holds the next run back is said with its remedy", async () => {
  stage.api.world.paused.add("example_dag");
  await using visit = await open();
  const { page } = visit;
  const held = page.getByRole("region", { name: "What holds the next run back" });
  await held.getByText("The DAG is paused").waitFor();
  stage.api.world.paused.delete("example_dag");
  await held.waitFor({ state: "detached" });
});

test("what runs wait for before they start is told with its assets, and of a run what is missing, then what it was given", async () => {
  const { paused } = stage.api.world;
  await using visit = await stage.open("/dags/clicks_report?tab=schedule", { timezoneId: "UTC" });
  const { page, complaints } = visit;
  const inputs = page.getByRole("region", { name: "Inputs" });
  await inputs.getByText("20 will do, and 30m 00s are waited for more").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  const link = inputs.getByRole("link", { name: /s3:\/\/shop\/prices/ });
  expect(await link.getAttribute("href")).toContain(encodeURIComponent("s3://shop/prices"));

  paused.add("clicks_report");
  const runId = stage.trigger("clicks_report");
  await page.goto(`${stage.base}/runs/${runId}`);
  const data = page.getByTestId("inputs");
  await data.getByText("21 of 24 instances of s3://shop/clicks are there").waitFor();
  await data.getByText("0 of 1 instances of s3://shop/prices are there").waitFor();
  await page.getByText("Without them the run fails").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  paused.delete("clicks_report");
  const given = data.locator('[data-input="Given"]');
  await given.getByText("24 instances").waitFor();
  expect(await given.count()).toBe(2);
  expect(complaints).toEqual([]);
});
