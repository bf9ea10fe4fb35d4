/** What tasks ask people: the list, the form, what is wrong with an answer, and whose it is. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputState } from "@millrace/wire/v1";
import { violationsOf } from "./accessibility.ts";
import { startStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

/** A run whose task asks, and where its question is. */
async function asking(dagId: string, taskId: string) {
  const runId = stage.trigger(dagId);
  const { run, task } = await stage.waiting(runId, taskId);
  const key = `${runId}/${taskId}/-1/${task.instance.tryNumber}`;
  const answers = () => run.inputs.find((one) => one.taskId === taskId);
  return { runId, run, key, answers, path: `/inputs?ask=${encodeURIComponent(key)}` };
}

const question = (page: Page) => page.getByRole("complementary", { name: "Question" });

describe("the list of inputs", () => {
  test("open ones come first, are counted in the navigation and on the run, and an answer takes one away", async () => {
    const { runId, key, answers } = await asking("release_train", "approve");
    await using visit = await stage.open(`/runs/${runId}`);
    const { page, complaints } = visit;
    const badge = page.getByTestId("open-inputs");
    await badge.waitFor();
    const before = Number.parseInt((await badge.textContent()) ?? "", 10);
    await page.getByTestId("run-inputs").getByText("1 input needed").waitFor();
    await page.getByTestId("run-sentence").getByText("1 task awaiting a person's input.").waitFor();
    await page.locator('[data-row="approve"]').getByText("asks “Release shop").waitFor();

    await page.getByRole("link", { name: /^Inputs/ }).click();
    const open = page.getByRole("region", { name: "Open" });
    const earlier = page.getByRole("region", { name: "Earlier" });
    const mine = open.locator(`[data-request="${key}"]`);
    await mine.waitFor();
    await mine.click();
    await question(page).getByLabel("Comment").fill("Go.");
    await question(page).getByRole("button", { name: "Approve" }).click();
    await question(page).getByText("Answered by user:admin").waitFor();
    await question(page).getByText('"Go."').waitFor();
    await mine.waitFor({ state: "detached" });
    await earlier.locator(`[data-request="${key}"]`).waitFor();
    await expect
      .poll(async () =>
        Number.parseInt((await badge.textContent({ timeout: 500 }).catch(() => "0")) ?? "0", 10),
      )
      .toBe(before - 1);
    const { data } = answers()?.answer ?? {};
    expect(JSON.parse(new TextDecoder().decode(data))).toEqual({
      decision: "approve",
      comment: "Go.",
    });
    expect(complaints).toEqual([]);
  });

  test("filters by state, DAG and run live in the address and survive a reload", async () => {
    const { runId, key } = await asking("quarterly_close", "ask_figures");
    await using visit = await stage.open("/inputs");
    const { page, complaints } = visit;
    await page.getByRole("button", { name: "Answered" }).click();
    await page.waitForURL("**/inputs?state=answered");
    await page.getByLabel("DAG", { exact: true }).selectOption("quarterly_close");
    await page.waitForURL("**/inputs?state=answered&dag=quarterly_close");
    const rows = page.locator("[data-request]");
    const asked = stage.api.world.runsOf("quarterly_close").flatMap((run) => run.inputs);
    const answered = asked.filter(({ state }) => state === InputState.ANSWERED).length;
    expect(answered).toBeGreaterThan(0);
    await expect.poll(() => rows.count()).toBe(answered);
    await page.reload();
    await expect.poll(() => rows.count()).toBe(answered);
    await page.getByRole("button", { name: "Timed out" }).click();
    await page.getByText("None is in this state").waitFor();
    await page.goto(`${stage.base}/inputs?run=${runId}`);
    await page.locator(`[data-request="${key}"]`).waitFor();
    await expect.poll(() => rows.count()).toBe(2);
    await page.getByRole("button", { name: /Only run/ }).click();
    await expect.poll(() => rows.count()).toBeGreaterThan(2);
    expect(complaints).toEqual([]);
  });

  test("a long list comes in pages", async () => {
    const { world } = stage.api;
    const [run] = world.runsOf("release_train").filter(({ isFinal }) => isFinal);
    const [one] = run?.inputs ?? [];
    if (run === undefined || one === undefined)
      throw new Error("No run of release_train has asked.");
    const many = Array.from({ length: 60 }, (_, ix) => ({ ...one, tryNumber: 100 + ix }));
    run.inputs.push(...many);
    await using visit = await stage.open("/inputs?state=answered&dag=release_train");
    const { page, complaints } = visit;
    const rows = page.locator("[data-request]");
    const pages = page.getByRole("navigation", { name: "Pages of questions" });
    await expect.poll(() => rows.count()).toBe(25);
    const first = await rows.first().getAttribute("data-request");
    await pages.getByRole("button", { name: "Next" }).click();
    await pages.getByText("Page 2").waitFor();
    await expect.poll(() => rows.first().getAttribute("data-request")).not.toBe(first);
    await pages.getByRole("button", { name: "Previous" }).click();
    await expect.poll(() => rows.first().getAttribute("data-request")).toBe(first);
    run.inputs.splice(-60);
    expect(complaints).toEqual([]);
  });

  test("the keyboard alone finds a question, answers it, and comes back", async () => {
    const { key, answers } = await asking("release_train", "approve");
    await using visit = await stage.open("/dags");
    const { page } = visit;
    await page.clock.install();
    // The login's own navigation is over, and what comes by a call is there: the page listens.
    await page.reload();
    await page.getByTestId("open-inputs").waitFor();
    // Two keys are one word only within a moment, of which a busy machine knows nothing.
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.keyboard.press("g");
    await page.keyboard.press("i");
    await page.clock.resume();
    await page.waitForURL("**/inputs");
    const link = page.locator(`[data-request="${key}"] [data-open]`);
    await link.focus();
    await page.keyboard.press("ArrowDown");
    const isAtLink = () => link.evaluate((one) => one === document.activeElement);
    await expect.poll(isAtLink).toBe(false);
    await page.keyboard.press("k");
    await expect.poll(isAtLink).toBe(true);
    await page.keyboard.press("Enter");
    await question(page).getByLabel("Comment").focus();
    await page.keyboard.type("By keys.");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await question(page).getByText("Answered by user:admin").waitFor();
    expect(new TextDecoder().decode(answers()?.answer?.data)).toContain('"decision":"reject"');
    await page.keyboard.press("Escape");
    await question(page).waitFor({ state: "detached" });
  });
});

describe("the form", () => {
  test("follows the schema, and sends values of the types it names", async () => {
    const { path, answers } = await asking("quarterly_close", "ask_figures");
    await using visit = await stage.open(path);
    const { page, complaints } = visit;
    const form = question(page);
    await form.getByLabel("Accruals").fill("12400.5");
    await form.getByLabel("Vouchers").fill("31");
    await form.getByRole("radio", { name: "USD" }).check();
    await form.getByRole("radio", { name: "No" }).check();
    await form.getByLabel("Tell the board").uncheck();
    await form.getByLabel("Closed on").fill("2026-09-30");
    await form.getByLabel("Signed at").fill("2026-10-02T09:30:00");
    await form.getByText("2026-10-02 07:30:00 UTC").waitFor();
    await form.getByLabel("Call at").fill("14:05:00");
    await form.getByLabel("Contact").fill("carla@example.com");
    await form.getByLabel("Reviewers").fill("ben\ndora");
    await form.getByLabel("Weights").fill("0.25\n0.75");
    await form.getByLabel("apac").check();
    await form.getByLabel("emea").check();
    await form.getByLabel("City").fill("Cádiz");
    await form.getByLabel("Floor").fill("3");
    await form.getByLabel("Rules").fill('[{"vat": 10}]');
    await form.getByLabel("Remarks").fill("Two\nlines");
    await form.getByRole("button", { name: "Send the answer" }).click();
    await form.getByText("Answered by user:admin").waitFor();
    const values: unknown = JSON.parse(new TextDecoder().decode(answers()?.answer?.data));
    expect(values).toEqual({
      version: 2,
      accruals: 12_400.5,
      vouchers: 31,
      currency: "USD",
      isFinal: false,
      notify: false,
      closedOn: "2026-09-30",
      signedAt: "2026-10-02T07:30:00.000Z",
      callAt: "14:05:00",
      contact: "carla@example.com",
      reviewers: ["ben", "dora"],
      weights: [0.25, 0.75],
      regions: ["emea", "apac"],
      office: { city: "Cádiz", floor: 3 },
      rules: [{ vat: 10 }],
      remarks: "Two\nlines",
    });
    expect(complaints).toEqual([]);
  });

  test("what is wrong stands beside its field, whether the page found it or the server, and nothing typed is lost", async () => {
    const { path, answers } = await asking("quarterly_close", "ask_figures");
    await using visit = await stage.open(path);
    const { page, complaints } = visit;
    const form = question(page);
    const send = form.getByRole("button", { name: "Send the answer" });
    await form.getByLabel("Floor").fill("3");
    await send.click();
    await form.getByText("Accruals is required.").waitFor();
    await form.getByText("These are final is required.").waitFor();
    await form.getByText("Reviewers is required.").waitFor();
    await form.getByText("City is required.").waitFor();
    expect(await form.getByLabel("Accruals").getAttribute("aria-invalid")).toBe("true");
    await expect
      .poll(() => form.getByLabel("Accruals").evaluate((one) => one === document.activeElement))
      .toBe(true);
    await form.getByLabel("Accruals").fill("-1");
    await form.getByLabel("Contact").fill("carla");
    await form.getByLabel("Reviewers").fill("ben\nben");
    await form.getByLabel("Rules").fill("[");
    await form.getByRole("radio", { name: "Yes" }).check();
    await form.getByLabel("City").fill("refused");
    await send.click();
    await form.getByText("Accruals must be at least 0, not -1.").waitFor();
    await form.getByText("Contact must be an e-mail address.").waitFor();
    await form.getByText('Reviewers must not have "ben" twice.').waitFor();
    await form.getByText("Not valid JSON").waitFor();
    await form.getByLabel("Accruals").fill("5");
    await form.getByLabel("Contact").fill("");
    await form.getByLabel("Reviewers").fill("ben");
    await form.getByLabel("Rules").fill("");
    await form.getByLabel("Remarks").fill("refused");
    await send.click();
    await form.getByText('values.remarks must not be "refused", got "refused"').waitFor();
    expect(await form.getByLabel("Remarks").getAttribute("aria-invalid")).toBe("true");
    expect(await form.getByLabel("Remarks").inputValue()).toBe("refused");
    expect(answers()?.state).toBe(InputState.OPEN);
    await form.getByLabel("Remarks").fill("fine");
    await send.click();
    await form.getByText("Answered by user:admin").waitFor();
    expect(complaints).toEqual([]);
  });

  test("an answer that comes too late says who was faster, and with what", async () => {
    const { runId, run, path } = await asking("release_train", "approve");
    await using visit = await stage.open("/dags");
    const { page } = visit;
    const form = question(page);
    let isTold = true;
    await page.route("**/ListInputRequests*", async (route) => {
      const response = await route.fetch();
      await (isTold ? route.fulfill({ response }) : route.abort());
    });
    // Only now: a call that is on its way past the route would tell it.
    await page.goto(stage.base + path);
    await form.getByLabel("Comment").fill("Wait for me");
    // Nobody else is told of it before this page asks.
    const { inputs } = run;
    isTold = false;
    await stage.answer(runId, "approve", "user:anna", {
      decision: "reject",
      comment: "Too early.",
    });
    await form.getByRole("button", { name: "Approve" }).click();
    isTold = true;
    await page.unrouteAll({ behavior: "wait" });
    await form
      .getByText("user:anna answered it before you. What you typed was not sent.")
      .waitFor();
    await form.getByText("Answered by user:anna").waitFor();
    await form.getByText('"Too early."').waitFor();
    expect(inputs[0]?.answeredBy).toBe("user:anna");
  });

  test("who is not among those asked sees the form, and why it cannot be sent", async () => {
    const { path } = await asking("quarterly_close", "ask_audit");
    await using visit = await stage.open(path);
    const form = question(visit.page);
    await form.getByText("Only user:olga or user:paul may answer; you are admin.").waitFor();
    expect(await form.getByRole("button", { name: "Yes" }).isDisabled()).toBe(true);
    expect(visit.complaints).toEqual([]);
  });

  test("Markdown is drawn; what could run in it stays text, and nothing is loaded from elsewhere", async () => {
    const { path } = await asking("release_train", "approve");
    await using visit = await stage.open(path);
    const { page, complaints } = visit;
    const body = page.getByTestId("markdown");
    await body.getByRole("cell", { name: "checkout" }).waitFor();
    await body.getByText("<script>window.__injected = true</script>").waitFor();
    expect(await body.getByRole("link").allTextContents()).toEqual(["change log", "a picture"]);
    expect(await body.locator("script, img").count()).toBe(0);
    expect(await page.evaluate(() => "__injected" in window)).toBe(false);
    expect(complaints).toEqual([]);
  });

  test("the task's panel has the same form, and the history of what it asked", async () => {
    const { runId } = await asking("release_train", "approve");
    await using visit = await stage.open(`/runs/${runId}`);
    const { page, complaints } = visit;
    await page.getByTestId("run-inputs").click();
    await page.waitForURL("**?task=approve&tab=input");
    await page.goto(`${stage.base}/runs/${runId}?task=approve`);
    const panel = page.getByRole("complementary", { name: "Task approve" });
    await panel.getByRole("button", { name: "Reject" }).click();
    await panel.getByText("Answered by user:admin").waitFor();
    await page.locator('[data-row="approve"][data-look="success"]').waitFor();
    await panel.getByRole("tab", { name: "Details" }).click();
    await panel
      .getByText(
        /waited .* for an answer to “Release shop 4\.18\.0 to production\?”, from user:admin\./,
      )
      .waitFor();
    await panel.getByRole("button", { name: "Clear…" }).click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Clear \d/ })
      .click();
    await stage.waiting(runId, "approve");
    await panel.getByRole("tab", { name: "Input" }).click();
    await panel.getByText("Asked before").waitFor();
    await panel.getByRole("button", { name: "Approve" }).waitFor();
    expect(complaints).toEqual([]);
  });
});

describe.each(["light", "dark"] as const)("in the %s theme", (colorScheme) => {
  test.each([1440, 390])(
    "list and forms pass the accessibility rules at a width of %i",
    async (width) => {
      const figures = await asking("quarterly_close", "ask_figures");
      const release = await asking("release_train", "approve");
      const options = {
        colorScheme,
        reducedMotion: "reduce",
        viewport: { width, height: 844 },
      } as const;
      await using visit = await stage.open("/inputs", options);
      const { page, complaints } = visit;
      const found: string[] = [];
      const check = async (path: string) => {
        found.push(...(await violationsOf(page)).map((text) => `${path} ${text}`));
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wider > 0) found.push(`${path} is ${wider} px wider than the screen`);
      };
      await page.locator("[data-request]").first().waitFor();
      await check("/inputs");
      await page.goto(stage.base + release.path);
      await page.getByTestId("markdown").waitFor();
      await check("approval");
      await page.goto(stage.base + figures.path);
      await page.getByRole("button", { name: "Send the answer" }).click();
      await page.getByText("Accruals is required.").waitFor();
      await check("form with errors");
      await page.goto(`${stage.base}/runs/${release.runId}?task=approve`);
      await page.getByRole("button", { name: "Approve" }).waitFor();
      await check("panel");
      expect(found).toEqual([]);
      expect(complaints).toEqual([]);
    },
    120_000,
  );
});
