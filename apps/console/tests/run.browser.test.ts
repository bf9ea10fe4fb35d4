import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RunState, TaskState } from "@millrace/wire/v1";
import { markRun } from "../dev/fake-change.ts";
import { startStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

function node(page: Page, taskId: string, look: string) {
  return page.locator(`[data-testid="graph"] [data-task="${taskId}"][data-look="${look}"]`);
}

function chip(page: Page, status: string) {
  return page.locator(`[data-testid="live-chip"][data-status="${status}"]`);
}

function succeeded(dagId: string): string {
  const runs = stage.api.world.runsOf(dagId);
  return runs.find(({ run }) => run.state === RunState.SUCCESS)?.run.runId ?? "";
}

describe("a run that runs", () => {
  test("colours, counts, title and icon move by themselves until it has ended", async () => {
    stage.api.world.paused.add("etl_pipeline");
    const runId = stage.trigger("etl_pipeline");
    stage.hold(runId, "extract", TaskState.RUNNING);
    stage.hold(runId, "transform", TaskState.RUNNING);
    stage.hold(runId, "transform", TaskState.UP_FOR_RETRY);
    await using visit = await stage.open(`/runs/${runId}`);
    const { page, complaints } = visit;
    await page.getByText("Waits to begin.").waitFor();
    stage.api.world.paused.delete("etl_pipeline");
    // A mark on the window shows that nothing of this is a reload.
    await page.evaluate(() => Object.assign(window, { isSamePage: true }));
    await node(page, "extract", "running").waitFor();
    await chip(page, "live").waitFor();
    await expect.poll(() => page.title()).toContain("Running · etl_pipeline");
    stage.letGo(runId, "extract");
    await node(page, "extract", "success").waitFor();
    await node(page, "transform", "running").waitFor();
    stage.letGo(runId, "transform");
    await node(page, "transform", "retry_wait").waitFor();
    await page.locator('[data-row="transform"][data-look="retry_wait"]').waitFor();
    stage.letGo(runId, "transform");
    await node(page, "load", "success").waitFor();
    await page.getByText("3 tasks succeeded").waitFor();
    await expect.poll(() => page.getByTestId("run-progress").textContent()).toBe("3 of 3 tasks");
    await expect.poll(() => page.title()).toContain("Success · etl_pipeline");
    expect(await page.locator("link[rel='icon']").getAttribute("href")).toContain("0D7E5A");
    expect(await page.evaluate(() => "isSamePage" in window)).toBe(true);
    expect(complaints).toEqual([]);
  });

  test("the duration ticks", async () => {
    const runId = stage.trigger("backfill_with_params");
    stage.hold(runId, "copy", TaskState.RUNNING);
    await using visit = await stage.open(`/runs/${runId}`);
    const duration = visit.page.getByTestId("run-duration");
    const seconds = async () => {
      const [, minutes = "0", rest = "0"] =
        /^(?:(\d+)m )?(\d+) ?s$/.exec((await duration.textContent()) ?? "") ?? [];
      return Number(minutes) * 60 + Number(rest);
    };
    await expect.poll(seconds).toBeGreaterThan(0);
    const before = await seconds();
    await expect.poll(seconds).toBeGreaterThan(before);
    stage.letGo(runId, "copy");
  });

  test("two hundred tasks are drawn and counted", async () => {
    const runId = stage.trigger("wide_reindex");
    for (const taskId of stage.tasksOf(runId))
      if (taskId.startsWith("shard_")) stage.hold(runId, taskId, TaskState.RUNNING);
    await using visit = await stage.open(`/runs/${runId}`);
    const { page, complaints } = visit;
    await page.locator('[data-testid="graph"] [data-look="running"]').first().waitFor();
    expect(await page.locator('[data-testid="graph"] [data-task]').count()).toBe(200);
    await page.getByRole("button", { name: /^Scheduled/ }).click();
    await expect
      .poll(() => page.locator("[data-row]").first().getAttribute("data-look"))
      .toBe("scheduled");
    expect(complaints).toEqual([]);
    // Others want the slots.
    stage.cancel(runId);
  });

  test("cancelling asks first, then the run ends as cancelled", async () => {
    const runId = stage.trigger("monitor_errors");
    stage.hold(runId, "create_table", TaskState.RUNNING);
    await using visit = await stage.open(`/runs/${runId}`);
    const { page } = visit;
    await page.getByRole("button", { name: "Cancel run" }).click();
    await page.getByRole("button", { name: "Keep running" }).click();
    await page.getByRole("button", { name: "Cancel run" }).click();
    await page.getByRole("button", { name: "Cancel the run" }).click();
    await expect.poll(() => page.title()).toContain("Cancelled");
  });

  test("losing the server is said at once, and the page catches up when it is back", async () => {
    const runId = stage.trigger("backfill_with_params");
    stage.hold(runId, "copy", TaskState.RUNNING);
    await using visit = await stage.open(`/runs/${runId}`);
    const { page } = visit;
    await node(page, "copy", "running").waitFor();
    stage.api.cut();
    await page.locator('[data-testid="live-chip"]:not([data-status="live"])').waitFor();
    await chip(page, "offline").waitFor();
    stage.api.restore();
    await chip(page, "live").waitFor();
    stage.letGo(runId, "copy");
    await node(page, "verify", "success").waitFor();
  });
});

describe("a task of a run", () => {
  test("its log follows, stops following when scrolled up, and finds what is searched", async () => {
    const runId = stage.trigger("backfill_with_params");
    stage.hold(runId, "copy", TaskState.RUNNING);
    await using visit = await stage.open(`/runs/${runId}?task=copy`);
    const { page, complaints } = visit;
    const log = page.getByRole("region", { name: "Log" });
    const total = page.getByTestId("log-total");
    const linesNow = async () => Number((await total.textContent())?.replace(/\D/g, ""));
    await expect.poll(linesNow).toBeGreaterThan(80);
    await expect.poll(() => isAtEnd(page)).toBe(true);
    expect(await log.getAttribute("data-following")).toBe("true");

    await log.hover();
    await page.mouse.wheel(0, -600);
    await expect.poll(() => log.getAttribute("data-following")).toBe("false");
    await page.getByRole("button", { name: /new line/ }).click();
    await expect.poll(() => isAtEnd(page)).toBe(true);

    await page.getByRole("searchbox", { name: "Search the log" }).fill("503");
    await page
      .getByTestId("log")
      .getByText(/^1 \/ \d+$/)
      .waitFor();
    await page.getByRole("searchbox", { name: "Search the log" }).press("Enter");
    await page.locator("mark", { hasText: "503" }).first().waitFor();
    const others = page.locator("[data-seq]", { hasNotText: "503" });
    await others.first().waitFor();
    await page.getByLabel("Level").selectOption({ label: "Errors" });
    await expect.poll(() => others.count()).toBe(0);
    expect(await page.locator("[data-seq]").count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });

  test("a hundred thousand lines arrive, and only those in sight are drawn", async () => {
    await using visit = await stage.open(`/runs/${stage.latestRun("chatty_crawler")}?task=crawl`);
    const { page, complaints } = visit;
    await page.getByText("100,000 lines").waitFor();
    await page.locator('[data-seq="100000"]').waitFor();
    expect(await page.locator("[data-seq]").count()).toBeLessThan(200);
    await page.getByRole("button", { name: "Wrap long lines" }).click();
    await page.locator('[data-seq="100000"]').waitFor();
    expect(complaints).toEqual([]);
  });

  test("a waiting task is explained, with evidence, and the reason changes by itself", async () => {
    stage.api.world.paused.add("etl_pipeline");
    const runId = stage.trigger("etl_pipeline");
    stage.hold(runId, "extract", TaskState.RUNNING);
    await using visit = await stage.open(`/runs/${runId}?task=load`);
    const { page, complaints } = visit;
    const explain = page.getByTestId("explain");
    await explain.getByText("The DAG etl_pipeline is paused").waitFor();
    await explain.getByText("Waits for 1 of 1 tasks before it.").waitFor();
    stage.api.world.paused.delete("etl_pipeline");
    await explain.getByText("The DAG etl_pipeline is paused").waitFor({ state: "detached" });
    await explain.getByRole("button", { name: "transform" }).click();
    await page.waitForURL("**task=transform**");
    expect(complaints).toEqual([]);
    stage.letGo(runId, "extract");
  });

  test("no worker for a queue is named as the reason", async () => {
    const runId = stage.trigger("score_customers");
    await using visit = await stage.open(`/runs/${runId}?task=score_model`);
    await visit.page.getByText('No live worker serves the queue "python".').waitFor();
    await visit.page.getByText("Start a worker that serves this queue.").waitFor();
  });

  test("attempts and their failures, and values with their types, are there to read", async () => {
    await using visit = await stage.open(
      `/runs/${stage.latestRun("broken_import")}?task=parse&tab=details`,
    );
    const { page, complaints } = visit;
    await page.getByText("TypeError: Cannot read properties of undefined").first().waitFor();
    await page.getByText("Stack").click();
    await page.getByText("at parseLine").waitFor();
    await page.goto(`${stage.base}/runs/${succeeded("backfill_with_params")}?task=copy&tab=values`);
    const values = page.getByTestId("values");
    await values.getByText("9007199254740993").waitFor();
    await values.getByText("2026-11-20 14:03:22 UTC").waitFor();
    await values.getByText("Set(2)").waitFor();
    expect(complaints).toEqual([]);
  });

  test("what a run resulted in stands on its page, and leads to the task that returned it", async () => {
    await using visit = await stage.open(`/runs/${succeeded("monitor_errors")}`);
    const { page, complaints } = visit;
    const result = page.getByTestId("run-result");
    await result.getByText("18000").waitFor();
    await result.getByText("Map(9)").waitFor();
    expect(await result.getByRole("button", { name: "Copy the result as JSON" }).count()).toBe(1);
    await result.getByRole("button", { name: "gen_reports" }).click();
    await page.getByRole("complementary", { name: "Task gen_reports" }).waitFor();

    const [mapped] = stage.api.world.runsOf("mapped_reports");
    markRun(mapped!, RunState.SUCCESS, Date.now());
    await page.goto(`${stage.base}/runs/${mapped!.run.runId}`);
    await result.getByText("The list of what its 240 instances returned").waitFor();
    // A run that failed has none.
    await page.goto(`${stage.base}/runs/${stage.latestRun("broken_import")}`);
    await node(page, "parse", "failed").waitFor();
    expect(await result.count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("Escape closes the details, Back opens them again", async () => {
    await using visit = await stage.open(`/runs/${stage.latestRun("broken_import")}`);
    const { page } = visit;
    await node(page, "parse", "failed").click();
    await page.waitForURL("**?task=parse");
    await page.getByRole("complementary", { name: "Task parse" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("complementary", { name: "Task parse" }).waitFor({ state: "detached" });
    await page.goBack();
    await page.getByRole("complementary", { name: "Task parse" }).waitFor();
  });
});

test("the theme is chosen by hand, kept, and set before the page is painted", async () => {
  await using visit = await stage.open("/dags", { colorScheme: "light" });
  const { page } = visit;
  await page.getByRole("button", { name: "Dark", exact: true }).click();
  const theme = () => page.evaluate(() => document.documentElement.dataset["theme"]);
  await expect.poll(theme).toBe("dark");
  await page.addInitScript(() => {
    const watch = new MutationObserver(() => {
      if (document.body === null) return;
      Object.assign(window, { themeAtBody: document.documentElement.dataset["theme"] });
      watch.disconnect();
    });
    watch.observe(document, { childList: true, subtree: true });
  });
  await page.reload();
  expect(await page.evaluate(() => "themeAtBody" in window && window.themeAtBody)).toBe("dark");
});

test("on a phone nothing is wider than the screen, and a task opens as a sheet", async () => {
  const phone = { viewport: { width: 390, height: 844 } };
  await using visit = await stage.open(`/runs/${stage.latestRun("broken_import")}`, phone);
  const { page } = visit;
  await page.locator('[data-row="parse"]').click();
  const sheet = page.getByRole("complementary", { name: "Task parse" });
  await sheet.waitFor();
  expect((await sheet.boundingBox())?.width).toBe(390);
  for (const path of ["/dags", "/runs", "/workers", "/dags/monitor_errors"]) {
    await page.goto(stage.base + path);
    await page.waitForLoadState("networkidle");
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(390);
  }
});

function isAtEnd(page: Page): Promise<boolean> {
  return page
    .getByRole("region", { name: "Log" })
    .evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 5);
}
