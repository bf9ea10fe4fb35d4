/** Tasks that gave their slot back: what they wait for, who watches, and what came of it; callbacks and large values. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TaskState } from "@millrace/wire/v1";
import { violationsOf } from "./accessibility.ts";
import { startStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

const approved = { decision: "approve", comment: "Looks good." };

describe("a deferred task", () => {
  test("says what it waits for and counts down, goes on by itself, and its attempts tell of the wait", async () => {
    const runId = stage.trigger("release_train");
    for (const taskId of ["wait_for_window", "deploy", "verify"])
      stage.hold(runId, taskId, TaskState.DEFERRED);
    await stage.answer(runId, "approve", "user:anna", approved);
    await stage.waiting(runId, "wait_for_window");
    await using visit = await stage.open(`/runs/${runId}?task=wait_for_window`);
    const { page, complaints } = visit;
    const card = page.getByTestId("waiting");
    const row = (taskId: string) => page.locator(`[data-row="${taskId}"]`);
    await card.getByText("It waits for a moment, and goes on by itself.").waitFor();
    await row("wait_for_window").getByText("Wakes").waitFor();
    await row("wait_for_window").getByText("waits for a moment").waitFor();
    const left = async () =>
      Number(await card.locator("[data-countdown]").first().getAttribute("data-countdown"));
    const first = await left();
    await expect.poll(left).toBeLessThan(first);

    await stage.pass(runId, "wait_for_window");
    await page.locator('[data-row="wait_for_window"][data-look="success"]').waitFor();
    await card.waitFor({ state: "detached" });
    await page.getByRole("tab", { name: "Details" }).click();
    await page
      .getByText(/Gave its slot back and waited .+ s for what it had asked for\./)
      .waitFor();
    await page.getByText("2 of 2 (1 of them spent no retry)").waitFor();
    await page.getByRole("button", { name: "Log of attempt 1" }).click();
    const log = page.getByRole("tabpanel", { name: "Logs" });
    await log.getByText(/Gave its slot back and waited/).waitFor();
    await log.getByText("2 lines").waitFor();

    await row("deploy").click();
    await card
      .getByText("It waits for whoever has its task token. They say at least every 1m")
      .waitFor();
    await row("deploy").getByText("waits for its token").waitFor();
    await stage.pass(runId, "deploy");
    await stage.waiting(runId, "verify");
    await row("verify").click();
    await card
      .getByText("It waits for GET https://shop.example.com/health to answer 200.")
      .waitFor();
    await card.getByText("triggerer-a").waitFor();
    await card.getByText("Given up").waitFor();
    await page
      .locator('[data-testid="graph"] [data-task="verify"]')
      .getByText("Deferred")
      .waitFor();
    await page.getByTestId("run-sentence").getByText("1 task deferred.").waitFor();
    expect(complaints).toEqual([]);
  });

  test("that nobody watches says so, and what to do about it", async () => {
    const runId = stage.trigger("partner_files");
    await stage.waiting(runId, "wait_for_file");
    await using visit = await stage.open(`/runs/${runId}?task=wait_for_file`);
    const { page, complaints } = visit;
    const card = page.getByTestId("waiting");
    await card.getByText("nobody yet").waitFor();
    await card.getByText('none announced the handler "trigger/sftp". Start a worker').waitFor();
    await page.getByRole("tab", { name: "Explain" }).click();
    const explain = page.getByTestId("explain");
    await explain.getByText("It gave its slot back and waits for /incoming").waitFor();
    await explain.getByText("Blocking · Workers with the handler").waitFor();
    await page.goto(`${stage.base}/dags/partner_files`);
    await page.getByRole("gridcell", { name: /wait_for_file, .*: Deferred/ }).waitFor();
    await page.getByRole("list", { name: "States" }).getByText("Deferred").waitFor();
    expect(complaints).toEqual([]);
  });
});

describe("callbacks", () => {
  test("a run lists who was told about it and its tasks, what failed with its stack, and when it is tried again", async () => {
    const runId = stage.trigger("release_train");
    await stage.answer(runId, "approve", "user:anna", approved);
    for (const taskId of ["wait_for_window", "deploy", "verify"]) await stage.pass(runId, taskId);
    await using visit = await stage.open(`/runs/${runId}`);
    const { page, complaints } = visit;
    const list = page.getByRole("region", { name: "Callbacks" });
    const of = (name: string) => list.locator(`[data-delivery="${name}"]`);
    await of("slack").first().getByText("Delivered").waitFor();
    await of("pager").getByText("Tried in vain").waitFor();
    await of("pager").getByText("1 try", { exact: true }).waitFor();
    await of("pager").locator("[data-countdown]").waitFor();
    await of("pager").getByText("Stack").click();
    await of("pager").getByText("at async pager (file:///bundles").waitFor();
    await of("webhook").getByText("the run").waitFor();
    await of("pager").getByRole("button", { name: "deploy" }).click();
    await page.getByRole("tab", { name: "Callbacks" }).click();
    const panel = page.getByRole("tabpanel", { name: "Callbacks" });
    await expect.poll(() => panel.locator("[data-delivery]").count()).toBe(2);
    await page.locator('[data-row="verify"]').click();
    await page.getByRole("complementary", { name: "Task verify" }).waitFor();
    expect(await page.getByRole("tab", { name: "Callbacks" }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

describe("values", () => {
  test("one that is too large says its size, shows its beginning when asked, and is saved whole", async () => {
    const runId = stage.latestRun("release_train");
    await using visit = await stage.open(`/runs/${pastRun(runId)}?task=deploy&tab=values`);
    const { page, complaints } = visit;
    await page.getByTestId("values").getByText('"9f3c1d7"').waitFor();
    await page.getByText("3.4 MB, kept apart").waitFor();
    await page.getByRole("button", { name: "Beginning of manifest" }).click();
    const beginning = page.getByLabel("The beginning of manifest");
    await beginning.waitFor();
    expect((await beginning.textContent())?.length).toBe(16 * 1024);
    await page.getByText("The first 16 kB of 3.4 MB.").waitFor();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download manifest" }).click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/deploy-manifest\.json$/);
    const saved = await readFile(await file.path(), "utf8");
    expect(saved.length).toBe(3_400_000);
    expect(JSON.parse(saved)).toContainEqual({ id: 1, name: "Ada Lovelace", amount: 1234.5 });
    expect(complaints).toEqual([]);
  });
});

/** The newest run of the same DAG that ended before the test began. */
function pastRun(runId: string): string {
  const dagId = stage.api.world.runOf(runId)?.run.dagId ?? "";
  const past = stage.api.world
    .runsOf(dagId)
    .find((run) => run.isFinal && run.tasks.get("deploy")?.attempts.length === 2);
  return past?.run.runId ?? "";
}

describe.each(["light", "dark"] as const)("in the %s theme", (colorScheme) => {
  test.each([1440, 390])(
    "waits, callbacks and large values pass the accessibility rules at a width of %i",
    async (width) => {
      const past = pastRun(stage.latestRun("release_train"));
      const unwatched = stage.trigger("partner_files");
      await stage.waiting(unwatched, "wait_for_file");
      const options = {
        colorScheme,
        reducedMotion: "reduce",
        viewport: { width, height: 844 },
      } as const;
      await using visit = await stage.open("/dags", options);
      const { page, complaints } = visit;
      const found: string[] = [];
      for (const path of [
        `/runs/${unwatched}?task=wait_for_file`,
        `/runs/${past}?task=deploy&tab=callbacks`,
        `/runs/${past}?task=deploy&tab=values`,
        `/runs/${past}?task=approve&tab=details`,
        `/runs/${past}`,
        "/dags/release_train",
      ]) {
        await page.goto(stage.base + path);
        await page.waitForLoadState("networkidle", { timeout: 3_000 }).catch(() => undefined);
        found.push(...(await violationsOf(page)).map((text) => `${path} ${text}`));
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wider > 0) found.push(`${path} is ${wider} px wider than the screen`);
      }
      expect(found).toEqual([]);
      expect(complaints).toEqual([]);
    },
    120_000,
  );
});
