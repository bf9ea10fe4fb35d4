import { afterAll, beforeAll, expect, test } from "vitest";
import { violationsOf } from "./accessibility.ts";
import { startStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

test("a pool is made, refused twice, made larger and deleted; the bars say how full each is", async () => {
  await using visit = await stage.open("/pools");
  const { page, complaints } = visit;
  await page.getByText("Connections to the warehouse.").waitFor();
  await page.getByRole("img", { name: /of 8 slots in use/ }).waitFor();
  expect(await violationsOf(page)).toEqual([]);
  const make = async () => {
    await page.getByRole("button", { name: "New pool" }).click();
    await page.getByLabel("Name").fill("licences");
    await page.getByLabel("Slots", { exact: true }).fill("3");
    await page.getByRole("button", { name: "Make the pool" }).click();
  };
  await make();
  await page.getByRole("img", { name: /of 3 slots in use/ }).waitFor();
  await make();
  await page.getByText('There is a pool "licences" already.').waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Edit licences" }).click();
  await page.getByLabel("Slots", { exact: true }).fill("5");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("img", { name: /of 5 slots in use/ }).waitFor();
  await page.getByRole("button", { name: "Edit licences" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete: tasks that name it will wait" }).click();
  await page.getByRole("button", { name: "Edit licences" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Edit default_pool" }).click();
  await page.getByRole("button", { name: "Save" }).waitFor();
  expect(await page.getByRole("button", { name: "Delete" }).count()).toBe(0);
  // The refusal, which the browser itself complains of.
  expect(complaints.filter((text) => !text.includes("409"))).toEqual([]);
});

test("on a narrow screen a pool says how full it is, and can be changed, without scrolling sideways", async () => {
  await using visit = await stage.open("/pools", { viewport: { width: 380, height: 800 } });
  const { page } = visit;
  await page.getByRole("img", { name: /of 8 slots in use/ }).waitFor();
  const box = await page.getByRole("button", { name: "Edit warehouse" }).boundingBox();
  expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(380);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(380);
  expect(await violationsOf(page)).toEqual([]);
});
