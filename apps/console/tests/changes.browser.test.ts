/** Clear and mark: choosing, the preview, and what confirming does. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RunState, TaskState } from "@millrace/wire/v1";
import { violationsOf } from "./accessibility.ts";
import { startStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

const affected = (page: Page, taskId: string) =>
  page.getByRole("dialog").locator(`[data-affected="${taskId}"]`);

async function stateOf(runId: string, taskId: string): Promise<TaskState | undefined> {
  return stage.api.world.runOf(runId)?.tasks.get(taskId)?.instance.state;
}

/** What the page says of something done: only for a moment, so that it is looked for from before. */
async function notes(page: Page, text: string, act: () => Promise<void>): Promise<void> {
  await Promise.all([page.getByText(text).waitFor(), act()]);
}

/** A run of its own, that has ended. */
async function ended(dagId: string): Promise<string> {
  const runId = stage.trigger(dagId);
  await expect.poll(() => stage.api.world.runOf(runId)?.isFinal, { timeout: 60_000 }).toBe(true);
  return runId;
}

describe("clear", () => {
  test("the preview follows the options, nothing changes before it is confirmed, then the run goes on", async () => {
    const runId = await ended("etl_pipeline");
    await using visit = await stage.open(`/runs/${runId}?task=transform`);
    const { page, complaints } = visit;
    const dialog = page.getByRole("dialog");
    const count = page.getByTestId("change-count");
    await page.getByRole("complementary").getByRole("button", { name: "Clear…" }).click();
    await count.getByText("2 task instances would change").waitFor();
    await affected(page, "load").waitFor();
    await dialog.getByLabel("Upstream").check();
    await count.getByText("3 task instances would change").waitFor();
    await dialog.getByLabel("Only failed").check();
    await count.getByText("Nothing would change.").waitFor();
    const submit = dialog.getByRole("button", { name: /^Clear( \d+ task instances?)?$/ });
    expect(await submit.isDisabled()).toBe(true);
    await dialog.getByLabel("Only failed").uncheck();
    await dialog.getByLabel("Upstream").uncheck();
    await count.getByText("2 task instances would change").waitFor();
    expect(await dialog.getByLabel("Past").isDisabled()).toBe(true);
    expect(await stateOf(runId, "transform")).toBe(TaskState.SUCCESS);

    stage.hold(runId, "transform", TaskState.RUNNING);
    await notes(page, "2 task instances cleared.", () =>
      dialog.getByRole("button", { name: "Clear 2 task instances" }).click(),
    );
    await dialog.waitFor({ state: "detached" });
    // The page follows the run that was over, and its attempts stay.
    await page.locator('[data-row="transform"][data-look="running"]').waitFor();
    stage.letGo(runId, "transform");
    await expect.poll(() => page.title(), { timeout: 30_000 }).toContain("Success");
    await page.getByRole("group", { name: "Attempt" }).getByText("Attempt 1").waitFor();
    expect(complaints).toEqual([]);
  });

  test("failed ones of a whole run, chosen by one button", async () => {
    const runId = await ended("mapped_reports");
    await using visit = await stage.open(`/runs/${runId}`);
    const { page } = visit;
    await page.getByRole("button", { name: "Retry failed…" }).click();
    await page.getByTestId("change-count").getByText("7 task instances would change").waitFor();
    await affected(page, "render_report").getByText("instances 39, 79, 119, 159, 199").waitFor();
    await notes(page, "7 task instances cleared.", () =>
      page.getByRole("dialog").getByRole("button", { name: "Clear 7 task instances" }).click(),
    );
    await page.getByText("251 of 251 task instances").waitFor();
    await expect.poll(() => page.title(), { timeout: 30_000 }).toContain("Success");
  });

  test("tasks chosen in the table and in the graph, and instances in the list, go in one change", async () => {
    const runId = stage.latestRun("mapped_reports");
    await using visit = await stage.open(`/runs/${runId}`);
    const { page, complaints } = visit;
    const bar = page.getByRole("toolbar", { name: "What is chosen" });
    await page.getByLabel("Choose publish").click();
    await bar.getByText("1 task chosen").waitFor();
    await page.locator('[data-testid="graph"] [data-task="list"]').click({ modifiers: ["Shift"] });
    await bar.getByText("2 tasks chosen").waitFor();
    await page.locator('[data-row="render_report"]').click();
    await page.getByLabel("Choose customer 1007").check();
    await bar.getByText("2 tasks and 1 instance chosen").waitFor();
    await bar.getByRole("button", { name: "Mark…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Skipped", { exact: true }).click();
    await affected(page, "render_report").getByText("instance 1").waitFor();
    await affected(page, "publish").getByText("skipped", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await bar.getByRole("button", { name: "Choose none" }).click();
    await bar.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });

  test("the keyboard alone chooses rows and confirms", async () => {
    const runId = await ended("example_dag");
    await using visit = await stage.open(`/runs/${runId}`);
    const { page } = visit;
    await page.getByRole("rowgroup").focus();
    await page.keyboard.press("ArrowDown");
    await page.getByRole("complementary", { name: "Task start" }).waitFor();
    await page.keyboard.press("x");
    await page.keyboard.press("Escape");
    await page.getByRole("toolbar").getByRole("button", { name: "Clear…" }).press("Enter");
    await page.getByTestId("change-count").getByText("2 task instances would change").waitFor();
    await notes(page, "2 task instances cleared.", () => page.keyboard.press("Enter"));
  });

  test("cells of the grid are chosen by keys and cleared in their runs", async () => {
    await using visit = await stage.open("/dags/monitor_errors");
    const { page, complaints } = visit;
    const grid = page.getByRole("grid");
    await grid.focus();
    await page.keyboard.press("End");
    await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Shift+ArrowLeft");
    await page.getByText("4 tasks in 2 runs chosen").waitFor();
    expect(await page.locator('[role="gridcell"][aria-selected="true"]').count()).toBe(4);
    await page.getByRole("button", { name: "Clear…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Several runs are chosen already").first().waitFor();
    await dialog.getByLabel("Downstream").uncheck();
    await page.getByTestId("change-count").getByText("4 task instances would change").waitFor();
    await notes(page, "4 task instances cleared.", () =>
      dialog.getByRole("button", { name: "Clear 4 task instances" }).click(),
    );
    const attempts = stage.api.world
      .runsOf("monitor_errors")
      .slice(0, 2)
      .map((run) => () => run.tasks.get("download_mainApp.log")?.attempts.length);
    for (const count of attempts) await expect.poll(count).toBe(2);
    expect(complaints).toEqual([]);
  });
});

describe("mark", () => {
  test("a failed task is said to have succeeded, and what could not run runs", async () => {
    const runId = await ended("broken_import");
    await using visit = await stage.open(`/runs/${runId}?task=parse`);
    const { page, complaints } = visit;
    await page.getByRole("complementary").getByRole("button", { name: "Mark…" }).click();
    await page.getByTestId("change-count").getByText("3 task instances would change").waitFor();
    expect(await affected(page, "store").getAttribute("data-implied")).toBe("true");
    await affected(page, "store").getByText("runs again").waitFor();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: "Mark 1 task instance as success" })
      .click();
    await page.locator('[data-row="notify"][data-look="success"]').waitFor();
    await expect.poll(() => page.title()).toContain("Success");
    expect(complaints).toEqual([]);
  });

  test("a run is ended as a person says, after showing what that does", async () => {
    const runId = stage.trigger("backfill_with_params");
    stage.hold(runId, "copy", TaskState.RUNNING);
    await using visit = await stage.open(`/runs/${runId}`);
    const { page, complaints } = visit;
    await page.locator('[data-row="copy"][data-look="running"]').waitFor();
    await page.getByRole("button", { name: "Mark run…" }).click();
    const dialog = page.getByRole("alertdialog");
    await dialog.getByText("Failed", { exact: true }).first().click();
    await dialog.getByRole("list", { name: "What would change" }).getByText("Skipped").waitFor();
    await notes(page, "The run is marked as failed.", () =>
      dialog.getByRole("button", { name: "Mark the run as failed" }).click(),
    );
    expect(stage.api.world.runOf(runId)?.run.state).toBe(RunState.FAILED);
    expect(await stateOf(runId, "verify")).toBe(TaskState.SKIPPED);
    expect(complaints).toEqual([]);
  });

  test("a refusal is said in the dialog, and nothing can be confirmed", async () => {
    await using visit = await stage.open(`/runs/${stage.latestRun("etl_pipeline")}?task=load`);
    const { page } = visit;
    await page.route("**/MarkTaskInstances", (route) =>
      route.fulfill({
        status: 400,
        contentType: "application/json",
        body: JSON.stringify({ code: "invalid_argument", message: "The run is being cancelled." }),
      }),
    );
    await page.getByRole("complementary").getByRole("button", { name: "Mark…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("alert").getByText("The run is being cancelled.").waitFor();
    expect(await dialog.getByRole("button", { name: /^Mark/ }).isDisabled()).toBe(true);
  });
});

test.each(["light", "dark"] as const)(
  "the dialogs pass the accessibility rules in the %s theme",
  async (colorScheme) => {
    const options = { colorScheme, reducedMotion: "reduce" } as const;
    const runId = stage.latestRun("branching_import");
    await using visit = await stage.open(`/runs/${runId}?task=staging.full_reload`, options);
    const { page } = visit;
    await page.getByRole("complementary").getByRole("button", { name: "Mark…" }).click();
    await affected(page, "staging.full_reload").waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Mark run…" }).click();
    await page.getByRole("alertdialog").waitFor();
    expect(await violationsOf(page)).toEqual([]);
  },
);
