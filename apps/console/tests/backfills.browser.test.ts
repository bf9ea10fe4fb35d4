import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { violationsOf } from "./accessibility.ts";
import { startStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

/** One run of it takes a second. */
const dagId = "example_dag";

/** Opens the dialog on the page of the DAG, for a range of days. */
async function ask(page: Page, from: string, to: string): Promise<void> {
  await page.getByRole("button", { name: "Backfill", exact: true }).click();
  await page.getByLabel("From first date").fill(from);
  await page.getByLabel("To last date").fill(to);
}

const preview = (page: Page) => page.getByTestId("backfill-preview");
const words = (page: Page) => page.getByTestId("backfill-words");
const dates = (page: Page) => page.getByTestId("date-grid").getByRole("listitem");

async function start(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Start the backfill" }).click();
  await page.waitForURL("**/backfills/backfill_*");
  return new URL(page.url()).pathname;
}

test("before there is one, the list says where a backfill is made", async () => {
  await using visit = await stage.open("/backfills");
  await visit.page.getByText("No backfills yet").waitFor();
  await visit.page.getByText("has a button for it on its page").waitFor();
  expect(await violationsOf(visit.page)).toEqual([]);
});

describe("the dialog", () => {
  test("shows page by page what would become of each date, and makes nothing until it is told to", async () => {
    await using visit = await stage.open(`/dags/${dagId}`);
    const { page, complaints } = visit;
    await page.getByRole("button", { name: "Backfill", exact: true }).click();
    await page.getByText("Choose the dates to see what would be made.").waitFor();
    const submit = page.getByRole("button", { name: "Start the backfill" });
    expect(await submit.isDisabled()).toBe(true);
    await page.getByLabel("From first date").fill("2026-01-01");
    await page.getByLabel("To last date").fill("2026-01-31");
    await preview(page).getByText("31 dates: 31 to be made").waitFor();
    const list = page.getByRole("region", { name: "Preview" }).getByRole("listitem");
    await expect.poll(() => list.first().textContent()).toContain("2026-01-01");
    await page.getByRole("button", { name: "Next" }).click();
    await expect.poll(() => list.last().textContent()).toContain("2026-01-31");
    await page.getByLabel("Newest first").check();
    await expect.poll(() => list.first().textContent()).toContain("2026-01-31");
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await submit.waitFor({ state: "detached" });
    await page.goto(`${stage.base}/backfills`);
    await page.getByText("No backfills yet").waitFor();
    expect(complaints).toEqual([]);
  });

  test("says in place of the preview why a range cannot be", async () => {
    await using visit = await stage.open(`/dags/${dagId}`);
    const { page } = visit;
    await ask(page, "2026-01-31", "2026-01-01");
    await page.getByRole("alert").getByText("is before from_date").waitFor();
    await page.getByLabel("To last date").fill("2026-02-01");
    await preview(page).getByText("2 dates").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  });
});

test("a backfill that was started shows its progress and a grid of its dates", async () => {
  await using visit = await stage.open(`/dags/${dagId}`);
  const { page, complaints } = visit;
  await ask(page, "2026-02-01", "2026-02-08");
  await page.getByLabel("Runs at a time").fill("2");
  await page.getByLabel("Note").fill("the bug of february");
  await preview(page).getByText("8 dates: 8 to be made").waitFor();
  await start(page);
  await page.getByRole("heading", { name: `Backfill of ${dagId}` }).waitFor();
  await page.getByText("Note: the bug of february").waitFor();
  const bar = page.getByRole("progressbar", { name: /^Progress of/ });
  expect(await bar.getAttribute("aria-valuemax")).toBe("8");
  await expect.poll(() => dates(page).count()).toBe(8);
  await page.getByText("Completed", { exact: true }).waitFor();
  await words(page).getByText("8 of 8 dates done").waitFor();
  expect(await bar.getAttribute("aria-valuetext")).toBe("8 of 8 dates done: 8 succeeded");
  expect(await page.getByRole("button", { name: "Pause" }).count()).toBe(0);
  expect(complaints).toEqual([]);

  await page.getByRole("link", { name: "2026-02-03: Success (made)" }).click();
  await page.waitForURL("**/runs/run_*");
  await page.getByRole("link", { name: "Backfill", exact: true }).click();
  await page.waitForURL("**/backfills/backfill_*");
});

test("a date that has a run is left alone, or run again, as it was chosen", async () => {
  await using visit = await stage.open(`/dags/${dagId}`);
  const { page } = visit;
  await ask(page, "2026-02-07", "2026-02-10");
  const counted = preview(page);
  await counted.getByText("4 dates: 2 to be made, 0 to be run again, 2 left alone.").waitFor();
  await page.getByRole("radio", { name: "Run again", exact: true }).check();
  await counted.getByText("4 dates: 2 to be made, 2 to be run again, 0 left alone.").waitFor();
  await page.getByRole("radio", { name: "Run again if failed" }).check();
  await counted.getByText("2 left alone.").waitFor();
  await start(page);
  await page.getByText("Completed", { exact: true }).waitFor();
  await page.getByRole("link", { name: "2026-02-07: left alone: it has a run" }).waitFor();
  await page.getByRole("link", { name: "2026-02-09: Success (made)" }).waitFor();
});

test("one of many dates says how long it takes still and what holds it up; a pause keeps its dates back; resumed, it goes on; cancelled, it leaves them without a run", async () => {
  await using visit = await stage.open(`/dags/${dagId}`);
  const { page, complaints } = visit;
  await ask(page, "2026-03-01", "2026-04-30");
  await page.getByLabel("Runs at a time").fill("1");
  const path = await start(page);
  const held = page.getByRole("list", { name: "What holds it up" });
  await held.getByText("1 at a time").waitFor();
  await words(page).getByText("left, estimated").waitFor();
  // Its runs stay as they are from here on: it is not over before it is cancelled.
  stage.api.world.paused.add(dagId);
  await page.getByRole("button", { name: "Pause" }).click();
  const resume = page.getByRole("button", { name: "Resume" });
  await resume.waitFor();
  await held.getByText("is paused; resume it").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await resume.click();
  await held.getByText("is paused; resume it").waitFor({ state: "detached" });

  await page.goto(`${stage.base}/dags/${dagId}`);
  await ask(page, "2026-05-01", "2026-05-02");
  await preview(page).getByText("2 dates").waitFor();
  await page.getByRole("button", { name: "Start the backfill" }).click();
  await page.getByRole("alert").getByText("which is not over; wait for it, or cancel it").waitFor();

  await page.goto(stage.base + path);
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  const question = page.getByRole("alertdialog", { name: "Cancel this backfill?" });
  await question.getByText("stay without a run").waitFor();
  await question.getByRole("button", { name: "Go on with it" }).click();
  await question.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await question.getByRole("button", { name: "Cancel the backfill" }).click();
  await page.getByText("Cancelled", { exact: true }).waitFor();
  await dates(page).last().getByText("2026-04-30: No run yet").waitFor();
  expect(await page.getByRole("button", { name: "Resume" }).count()).toBe(0);
  stage.api.world.paused.delete(dagId);
  expect(complaints).toEqual([]);
});

test("the list has them newest first with their progress, of all DAGs or of one", async () => {
  await using visit = await stage.open("/backfills");
  const { page } = visit;
  const rows = page.getByRole("region", { name: "List of backfills" }).getByRole("row");
  await expect.poll(() => rows.count()).toBeGreaterThan(1);
  await rows.nth(1).getByText("Cancelled").filter({ visible: true }).waitFor();
  await page.goto(`${stage.base}/backfills?dag=etl_pipeline`);
  await page.getByText("of etl_pipeline.").waitFor();
  await page.getByText("No backfills of etl_pipeline").waitFor();
  await page.getByRole("link", { name: "All DAGs" }).click();
  await rows.nth(1).waitFor();
});

test("an id that no backfill has is said to be so", async () => {
  await using visit = await stage.open("/backfills/backfill_none");
  await visit.page.getByText("No backfill has this id").waitFor();
});

test.each(["light", "dark"] as const)(
  "the pages of backfills pass the accessibility rules in the %s theme, wide and narrow",
  async (colorScheme) => {
    for (const width of [1440, 380]) {
      const viewport = { width, height: 800 };
      await using visit = await stage.open("/backfills", { colorScheme, viewport });
      const { page, complaints } = visit;
      const row = page.getByRole("region", { name: "List of backfills" }).getByRole("link").first();
      await row.waitFor();
      expect(await violationsOf(page)).toEqual([]);
      await row.click();
      await page.getByTestId("date-grid").waitFor();
      expect(await violationsOf(page)).toEqual([]);
      expect(await widthOf(page)).toBeLessThanOrEqual(width);
      expect(complaints).toEqual([]);
    }
  },
);

/** Of all that can be scrolled to: a page wider than its window is cut. */
function widthOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth);
}
