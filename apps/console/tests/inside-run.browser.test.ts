/** What happens inside a run: groups, branches, mapped tasks, waits that end by themselves. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TaskState } from "@millrace/wire/v1";
import { startStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

function node(page: Page, taskId: string) {
  return page.locator(`[data-testid="graph"] [data-task="${taskId}"]`);
}

describe("the graph", () => {
  test("a folded group stays folded, on another page of the DAG and after a reload", async () => {
    await using visit = await stage.open(`/runs/${stage.latestRun("branching_import")}`);
    const { page, complaints } = visit;
    await node(page, "staging.merge").waitFor();
    await page.getByRole("button", { name: "Fold group staging" }).click();
    await node(page, "staging.merge").waitFor({ state: "detached" });
    const folded = page.getByRole("button", { name: "Open group staging" });
    expect(await folded.getByRole("img").getAttribute("aria-label")).toContain("7 tasks: ");
    await page.reload();
    await folded.waitFor();
    await page.goto(`${stage.base}/dags/branching_import?tab=graph`);
    await folded.waitFor();
    await page.getByRole("button", { name: "Open all" }).click();
    await node(page, "staging.merge").waitFor();
    await page.getByRole("button", { name: "Fold all" }).click();
    await page.getByRole("button", { name: "Open group checks" }).press("Enter");
    await node(page, "checks.freshness").waitFor();
    expect(await folded.count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  test("the path that was not taken is drawn as such, with the case's name, and the task says why", async () => {
    await using visit = await stage.open(`/runs/${stage.latestRun("branching_import")}`);
    const { page, complaints } = visit;
    const label = (text: string) => page.locator("[data-edge]", { hasText: text });
    await label("incremental").waitFor();
    expect(await label("incremental").getAttribute("data-path")).toBe("taken");
    expect(await label("full").getAttribute("data-path")).toBe("not_taken");
    expect(await page.locator(".react-flow__edge.is-not-taken").count()).toBe(4);
    await page.locator('[data-row="staging.full_reload"]').click();
    const outcome = page.getByTestId("outcome");
    await outcome
      .getByText("The branch staging.how_much went on with incremental, and not with full.")
      .waitFor();
    await page.locator('[data-row="staging.rebuild_index"]').click();
    await outcome.getByText("Skipped with what comes before it: staging.full_reload.").waitFor();
    await page.locator('[data-row="checks.freshness"]').click();
    await outcome.getByText("its body asked to be skipped").waitFor();
    await page.goto(`${stage.base}/runs/${stage.latestRun("mapped_reports")}?task=archive`);
    await outcome.getByText("Could not run, because render_report").waitFor();
    await outcome.getByRole("button", { name: "render_report" }).click();
    await page.waitForURL("**?task=render_report");
    expect(complaints).toEqual([]);
  });

  test("setups, sensors, branches and unusual trigger rules carry their marks", async () => {
    await using visit = await stage.open("/dags/branching_import?tab=graph");
    const { page } = visit;
    const marked = (taskId: string, kind: string) =>
      node(page, taskId).locator(`[data-mark="${kind}"]`).waitFor();
    await marked("wait_for_file", "sensor");
    await marked("is_weekday", "short_circuit");
    await marked("staging.create_schema", "setup");
    await marked("staging.drop_schema", "teardown");
    await marked("staging.how_much", "branch");
    await page.getByTitle("Trigger rule none_failed_min_one_success").waitFor();
    await page.getByTitle("Trigger rule all_done", { exact: true }).waitFor();
  });
});

describe("a mapped task", () => {
  test("shows its instances by state while they run, in the graph and in the table", async () => {
    const runId = stage.trigger("mapped_reports");
    await using visit = await stage.open(`/runs/${runId}`);
    const { page, complaints } = visit;
    await page.locator('[data-row="render_report"]').getByText("×240").waitFor();
    await node(page, "render_report").getByText("×240").waitFor();
    await node(page, "render_report").getByText("6 failed").waitFor();
    await page.getByText("6 of 240 instances of render_report failed.").waitFor();
    await expect
      .poll(() => page.getByTestId("run-progress").textContent())
      .toBe("251 of 251 task instances");
    expect(complaints).toEqual([]);
  });

  test("a list of a hundred thousand comes in pages, and only one is there at a time", async () => {
    await using visit = await stage.open(`/runs/${stage.latestRun("resize_archive")}?task=resize`);
    const { page, complaints } = visit;
    const rows = page.locator("[data-instance]");
    const list = page.getByRole("navigation", { name: "Pages of instances" });
    await page.locator('[data-instance="99"]').waitFor();
    expect(await rows.count()).toBe(100);
    await list.getByRole("button", { name: "Next" }).click();
    await list.getByText("Index 100 to 199").waitFor();
    await page.locator('[data-instance="199"]').waitFor();
    expect(await rows.count()).toBe(100);
    await list.getByRole("button", { name: "Previous" }).click();
    await list.getByText("Index 0 to 99").waitFor();
    await page.getByLabel("Go to the instance with this index").fill("99999");
    await page.keyboard.press("Enter");
    await page.waitForURL("**&map=99999");
    await page.getByRole("heading", { name: "picture 700993" }).waitFor();
    expect(await page.getByRole("button", { name: "Next instance" }).isDisabled()).toBe(true);
    expect(complaints).toEqual([]);
  });

  test("its list shows one state only when asked, and leads to an instance with attempts and log", async () => {
    await using visit = await stage.open(
      `/runs/${stage.latestRun("mapped_reports")}?task=render_report`,
    );
    const { page, complaints } = visit;
    const filter = page.getByRole("group", { name: "Show instances by state" });
    await filter.getByRole("button", { name: /^Failed/ }).click();
    await expect.poll(() => page.locator("[data-instance]").count()).toBe(6);
    await page.reload();
    await expect.poll(() => page.locator("[data-instance]").count()).toBe(6);
    await page.getByRole("button", { name: "customer 1273" }).press("Enter");
    await page.waitForURL("**map=39**");
    await page.getByText("RangeError: Element 39 has no rows to report on.").first().waitFor();
    await page.getByText("8 lines").waitFor();
    await page.getByRole("tab", { name: "Details" }).click();
    await page.getByRole("button", { name: "Log of attempt 1" }).click();
    await page.getByText("8 lines").waitFor();
    await page.getByRole("button", { name: /^All 240 of render_report/ }).click();
    await expect.poll(() => page.locator("[data-instance]").count()).toBe(6);
    await page.goto(
      `${stage.base}/runs/${stage.latestRun("mapped_reports")}?task=render_report&map=9999`,
    );
    await page.getByText("There is no such instance").waitFor();
    expect(complaints).toEqual([]);
  });

  test("before its list is known, it says what it waits for", async () => {
    stage.api.world.paused.add("mapped_reports");
    const runId = stage.trigger("mapped_reports");
    await using visit = await stage.open(`/runs/${runId}?task=render_report`);
    const explain = visit.page.getByTestId("explain");
    await explain.getByText("It is mapped over lists that are not known yet: list.").waitFor();
    await explain.getByText("The list it is mapped over", { exact: false }).first().waitFor();
    stage.api.world.paused.delete("mapped_reports");
    await visit.page.locator("[data-instance]").first().waitFor();
  });
});

describe("waits that end by themselves", () => {
  test("the next look of a sensor and the next attempt count down", async () => {
    const runId = stage.trigger("branching_import");
    stage.hold(runId, "wait_for_file", TaskState.UP_FOR_RESCHEDULE);
    stage.hold(runId, "staging.incremental", TaskState.UP_FOR_RETRY);
    await using visit = await stage.open(`/runs/${runId}?task=wait_for_file&tab=explain`);
    const { page, complaints } = visit;
    await countsDown(page, '[data-row="wait_for_file"]');
    await page.getByTestId("explain").getByText("It looked in vain and looks again").waitFor();
    await countsDown(page, '[data-testid="explain"]');
    stage.letGo(runId, "wait_for_file");
    await page.locator('[data-row="staging.incremental"][data-look="retry_wait"]').waitFor();
    await page.locator('[data-row="staging.incremental"]').click();
    await countsDown(page, '[data-row="staging.incremental"]');
    await page.getByRole("tab", { name: "Details" }).click();
    await page.getByText("Next attempt").waitFor();
    await countsDown(page, '[role="tabpanel"]');
    stage.letGo(runId, "staging.incremental");
    await page.locator('[data-row="staging.incremental"][data-look="success"]').waitFor();
    await page.locator('[data-row="wait_for_file"]').click();
    await page.getByRole("tab", { name: "Details" }).click();
    await page.getByText("3 of 3 (2 of them spent no retry)").waitFor();
    expect(complaints).toEqual([]);
  });
});

/** The number goes down twice without anybody doing anything. */
async function countsDown(page: Page, within: string): Promise<void> {
  const clock = page.locator(`${within} [data-countdown]`).first();
  const left = async () => Number(await clock.getAttribute("data-countdown"));
  await clock.waitFor();
  const first = await left();
  await expect.poll(left).toBeLessThan(first);
}
