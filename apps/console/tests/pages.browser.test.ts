import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { violationsOf } from "./accessibility.ts";
import { startStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

describe("login", () => {
  test("a page without a session leads to the login, and the login back to the page", async () => {
    await using visit = await stage.visit("/dags/etl_pipeline?tab=code");
    const { page, complaints } = visit;
    await page.getByLabel("Login token or API key").fill("fake-key");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.waitForURL("**/dags/etl_pipeline?tab=code");
    await page.getByText("as it runs").waitFor();
    const cookies = await page.context().cookies();
    expect(cookies.find((cookie) => cookie.name === "millrace_session")?.httpOnly).toBe(true);
    expect(complaints).toEqual([]);
  });

  test("a link with a token logs in by itself, and the token leaves the address", async () => {
    await using visit = await stage.visit("/login?token=fake-token");
    await visit.page.waitForURL("**/dags");
    await visit.page.getByRole("link", { name: "etl_pipeline", exact: true }).waitFor();
  });

  test("a refused token says why, and a key can be typed instead", async () => {
    await using visit = await stage.visit("/login?token=used-up");
    const { page } = visit;
    await page.getByText("unknown, used or expired").waitFor();
    await page.getByLabel("Login token or API key").fill("fake-token");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/dags");
  });

  test("logging out ends the session", async () => {
    await using visit = await stage.open("/dags");
    await visit.page.getByRole("button", { name: "Log out" }).click();
    await visit.page.waitForURL("**/login**");
  });
});

describe("the list of DAGs", () => {
  test("search narrows the list, lives in the address, and survives a reload", async () => {
    await using visit = await stage.open("/dags");
    const { page, complaints } = visit;
    await page.getByRole("link", { name: "monitor_errors", exact: true }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("pipeline");
    await page.waitForURL("**/dags?q=pipeline");
    await page.getByText("1 match").waitFor();
    await page.reload();
    await page.getByText("1 match").waitFor();
    expect(await page.getByRole("searchbox", { name: "Search DAGs" }).inputValue()).toBe(
      "pipeline",
    );
    await page.getByRole("searchbox").fill("no such thing");
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await page.getByText("17 DAGs").waitFor();
    expect(complaints).toEqual([]);
  });

  test("letters typed while the page takes up those before stay", async () => {
    await using visit = await stage.open("/dags");
    const { page } = visit;
    const box = page.getByRole("searchbox", { name: "Search DAGs" });
    await box.evaluate((input: HTMLInputElement) => {
      const { history } = window;
      const replaceState = history.replaceState.bind(history);
      history.replaceState = (...change) => {
        replaceState(...change);
        if (!String(change[2]).endsWith("q=pipe")) return;
        history.replaceState = replaceState;
        input.focus();
        document.execCommand("insertText", false, "line");
      };
    });
    await box.pressSequentially("pipe");
    await page.waitForURL("**/dags?q=pipeline");
    expect(await box.inputValue()).toBe("pipeline");
  });

  test.each([390, 800, 1024, 1280, 1440])(
    "at a width of %i every DAG's button is inside the list, and its name can be read",
    async (width) => {
      await using visit = await stage.open("/dags", { viewport: { width, height: 900 } });
      const trigger = visit.page.getByRole("button", { name: "Trigger order_report" });
      const box = (await trigger.boundingBox())!;
      expect(box.x + box.width).toBeLessThan(width - 12);
      const name = visit.page.getByRole("link", { name: "backfill_with_params", exact: true });
      expect((await name.boundingBox())!.height).toBeLessThan(24);
    },
  );

  test("the switch pauses a DAG, and the server knows", async () => {
    await using visit = await stage.open("/dags");
    const toggle = visit.page.getByRole("switch", { name: "example_dag is active" });
    await toggle.click();
    await expect.poll(() => stage.api.world.paused.has("example_dag")).toBe(true);
    await visit.page.reload();
    await expect.poll(() => toggle.getAttribute("aria-checked")).toBe("false");
    await toggle.click();
    await expect.poll(() => stage.api.world.paused.has("example_dag")).toBe(false);
  });

  test("a file that does not compile is shown with its message", async () => {
    await using visit = await stage.open("/dags");
    await visit.page.getByText("1 file could not be imported").waitFor();
    await visit.page.getByText('Could not resolve "./rates.ts"').waitFor();
  });

  test("a new run appears as a bar without a reload", async () => {
    await using visit = await stage.open("/dags?q=score");
    const bars = visit.page.getByRole("list", { name: "Last runs" }).getByRole("link");
    await bars.first().waitFor();
    const before = await bars.count();
    stage.trigger("score_customers");
    await expect.poll(() => bars.count()).toBe(before + 1);
  });
});

describe("an asset", () => {
  test("shows which partitions its events are about, and takes an event of one", async () => {
    await using visit = await stage.open(
      `/assets/asset?uri=${encodeURIComponent("s3://shop/orders")}`,
    );
    const { page, complaints } = visit;
    await page.getByRole("columnheader", { name: "Partition" }).waitFor();
    await page.getByRole("cell", { name: "2026-01-28" }).first().waitFor();
    await page.getByRole("button", { name: "Record event" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Partition").fill("2026-02-03");
    await dialog.getByRole("button", { name: "Record event" }).click();
    await page.getByRole("cell", { name: "2026-02-03" }).waitFor();
    expect(complaints).toEqual([]);
  });
});

describe("triggering", () => {
  test("the form follows the schema, the server's refusal stands at its field, and the run opens", async () => {
    await using visit = await stage.open("/dags?q=params");
    const { page, complaints } = visit;
    await page.getByRole("button", { name: "Trigger backfill_with_params" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Trigger", exact: true }).click();
    await dialog.getByText("table is required.").waitFor();

    await dialog.getByLabel("table", { exact: true }).fill("orders");
    await dialog.getByRole("radio", { name: "us" }).check();
    await dialog.getByLabel("rows").fill("5000");
    await dialog.getByLabel("dryRun").uncheck();
    await dialog.getByLabel("since").fill("2026-03-01T09:30:00");
    await dialog.getByText("2026-03-01 08:30:00 UTC").waitFor();
    await dialog.getByRole("button", { name: "Trigger", exact: true }).click();
    await dialog.getByText("rows must be at most 1000, not 5000.").waitFor();
    expect(await dialog.getByLabel("rows").getAttribute("aria-invalid")).toBe("true");

    await dialog.getByLabel("rows").fill("50");
    await dialog.getByLabel("table", { exact: true }).fill("refused");
    await dialog.getByRole("button", { name: "Trigger", exact: true }).click();
    await dialog.getByText('params.table must not be "refused", got "refused"').waitFor();
    expect(await dialog.getByLabel("table", { exact: true }).getAttribute("aria-invalid")).toBe(
      "true",
    );
    await dialog.getByLabel("table", { exact: true }).fill("orders");
    await dialog.getByLabel("Partition").fill("2026-03-01");
    await dialog.getByRole("button", { name: "Trigger", exact: true }).click();
    await page.waitForURL("**/runs/run_*");
    await page.getByRole("heading", { name: "backfill_with_params" }).waitFor();
    await page.getByText("2026-03-01", { exact: true }).waitFor();
    const run = stage.api.world.runOf(stage.latestRun("backfill_with_params"));
    expect(JSON.parse(new TextDecoder().decode(run?.run.params?.data))).toEqual({
      table: "orders",
      region: "us",
      rows: 50,
      ratio: 0.5,
      dryRun: false,
      since: "2026-03-01T08:30:00.000Z",
      options: { compress: true },
    });
    expect(complaints).toEqual([]);
  });
});

describe("a DAG's page", () => {
  test("a cell of the grid opens its task in its run", async () => {
    await using visit = await stage.open("/dags/monitor_errors");
    const { page, complaints } = visit;
    const cell = page.getByRole("gridcell", { name: /^parse_log, .*Success$/ }).last();
    await cell.click();
    await page.waitForURL("**/runs/run_*?task=parse_log");
    await page.getByRole("complementary", { name: "Task parse_log" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("the grid can be walked by keys", async () => {
    await using visit = await stage.open("/dags/etl_pipeline");
    const { page } = visit;
    await page.getByRole("grid").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/runs/run_*?task=transform");
  });

  test("graph, runs and code have their tabs", async () => {
    await using visit = await stage.open("/dags/production_etl_v2");
    const { page, complaints } = visit;
    await page.getByRole("tab", { name: "Graph" }).click();
    await page.getByRole("button", { name: "Fold group ingest" }).click();
    await page.getByRole("button", { name: "Open group ingest" }).waitFor();
    await page.getByRole("button", { name: "transform", exact: true }).click();
    await page.getByRole("complementary", { name: "Options of transform" }).waitFor();
    await page.getByRole("tab", { name: "Runs" }).click();
    await page.getByRole("button", { name: "Failed", exact: true }).click();
    await page.waitForURL("**tab=runs&state=failed");
    await page.getByRole("tab", { name: "Code" }).click();
    await page.getByText("@millrace/sdk").waitFor();
    expect(complaints).toEqual([]);
  });

  test("an unknown DAG or run is said to be so", async () => {
    await using visit = await stage.open("/dags/nothing");
    await visit.page.getByText("No DAG has this id").waitFor();
    await visit.page.goto(`${stage.base}/runs/run_none`);
    await visit.page.getByText("No DAG run has this id").waitFor();
  });
});

describe.each(["light", "dark"] as const)("in the %s theme", (colorScheme) => {
  test(
    "every page passes the accessibility rules and logs no error",
    { timeout: 240_000 },
    async () => {
      const failed = stage.latestRun("broken_import");
      const paths = [
        "/dags",
        "/dags/monitor_errors",
        "/dags/production_etl_v2?tab=graph",
        "/dags/etl_pipeline?tab=runs",
        "/dags/etl_pipeline?tab=code",
        "/runs",
        `/runs/${failed}?task=parse`,
        `/runs/${failed}?task=store&tab=explain`,
        `/runs/${failed}?task=parse&tab=details`,
        `/runs/${stage.latestRun("monitor_errors")}?task=gen_reports&tab=values`,
        "/dags/branching_import?tab=graph",
        `/runs/${stage.latestRun("branching_import")}?task=staging.full_reload`,
        `/runs/${stage.latestRun("mapped_reports")}?task=render_report`,
        `/runs/${stage.latestRun("mapped_reports")}?task=render_report&map=39`,
        "/workers",
      ];
      await using visit = await stage.open("/dags", { colorScheme, reducedMotion: "reduce" });
      const { page, complaints } = visit;
      expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe(
        colorScheme,
      );
      const found: string[] = [];
      for (const path of paths) {
        await page.goto(stage.base + path);
        await page.waitForLoadState("networkidle");
        found.push(...(await violationsOf(page)).map((text) => `${path} ${text}`));
      }
      expect(found).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );
});
