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

const orders = `/assets/asset?uri=${encodeURIComponent("s3://shop/orders")}`;

describe("the list of assets", () => {
  test("goes page by page, and a search or a group narrows it and lives in the address", async () => {
    await using visit = await stage.open("/assets");
    const { page, complaints } = visit;
    await page.getByText("71 assets").waitFor();
    const rows = page.getByRole("region", { name: "List of assets" }).getByRole("row");
    expect(await rows.count()).toBe(51);
    await page.getByRole("button", { name: "Next" }).click();
    await expect.poll(() => rows.count()).toBe(22);
    await page.getByRole("searchbox", { name: "Search assets" }).fill("orders");
    await page.waitForURL("**/assets?q=orders");
    await page.getByText("1 match").waitFor();
    await page.getByRole("button", { name: "shop", exact: true }).click();
    await page.waitForURL("**group=shop");
    await page.reload();
    await page.getByText("1 match").waitFor();
    await page.getByRole("searchbox").fill("no such thing");
    await page.getByText("No asset passes the filter").waitFor();
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await page.getByText("71 assets").waitFor();
    expect(complaints).toEqual([]);
  });
});

describe("an asset's page", () => {
  test("says who makes it, who waits for it and with how many events, and who watches it", async () => {
    await using visit = await stage.open(orders);
    const { page, complaints } = visit;
    await page.getByRole("heading", { name: "orders", exact: true }).waitFor();
    const makers = page.getByRole("region", { name: "Made by" });
    await makers.getByRole("link", { name: "monitor_errors" }).waitFor();
    const users = page.getByRole("region", { name: "Used by" });
    await users.getByText("waits for it; 2 events not used yet").waitFor();
    const watched = page.getByRole("region", { name: "Watched" });
    await watched.getByText("s3://shop/orders/*.csv").waitFor();
    await watched.getByText('no worker that serves the queue "streams"').waitFor();
    expect(complaints).toEqual([]);
  });

  test("lists its events page by page with what they say, who made them, and the runs made of them", async () => {
    await using visit = await stage.open(orders);
    const { page } = visit;
    const events = page.getByRole("region", { name: "Events" });
    const newest = events.getByRole("row").nth(1);
    await newest.getByText("1200").waitFor();
    await newest.getByRole("link", { name: /^monitor_errors · / }).waitFor();
    await newest.getByRole("link", { name: "etl_pipeline" }).waitFor();
    await events.getByRole("row").nth(2).getByText("a watcher").waitFor();
    await events.getByRole("row").nth(3).getByText("user:admin").waitFor();
    await page.getByRole("button", { name: "Next" }).click();
    await newest.getByText("1175").waitFor();
    await page.getByRole("button", { name: "Previous" }).click();
    await newest.getByRole("link", { name: "etl_pipeline" }).click();
    await page.waitForURL("**/runs/run_*");
    await page.getByRole("heading", { name: "etl_pipeline" }).waitFor();
  });

  test("records an event that a person tells of, and refuses what is no JSON object", async () => {
    await using visit = await stage.open(orders);
    const { page, complaints } = visit;
    await page.getByRole("button", { name: "Record event" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("What to say about it").fill("[1]");
    await dialog.getByRole("button", { name: "Record event" }).click();
    await dialog.getByRole("alert").getByText("write one, such as").waitFor();
    await dialog.getByLabel("What to say about it").fill('{ "rows": 77 }');
    expect(await violationsOf(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Record event" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("region", { name: "Events" }).getByText("77", { exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("has the asset made anew, and opens the run that makes it", async () => {
    await using visit = await stage.open(orders);
    const { page } = visit;
    await page.getByRole("button", { name: "Make anew" }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.getByLabel("By the DAG").inputValue()).toBe("monitor_errors");
    await dialog.getByRole("button", { name: "Make it" }).click();
    await page.waitForURL("**/runs/run_*");
    await page.getByRole("heading", { name: "monitor_errors" }).waitFor();
  });

  test("of one that no task makes offers no making, and of one that does not exist says so", async () => {
    await using visit = await stage.open(
      `/assets/asset?uri=${encodeURIComponent("file:///data/part-3.csv")}`,
    );
    const { page } = visit;
    await page.getByText("No task makes it.").waitFor();
    expect(await page.getByRole("button", { name: "Make anew" }).isDisabled()).toBe(true);
    await page.goto(`${stage.base}/assets/asset?uri=s3%3A%2F%2Fnone`);
    await page.getByText("No asset has this uri").waitFor();
  });
});

describe("the graph of assets", () => {
  test("draws DAGs, assets and aliases, each a step to its page, also where they close a circle", async () => {
    await using visit = await stage.open("/assets/graph");
    const { page, complaints } = visit;
    const nodes = page.getByRole("list", { name: "DAGs and assets" });
    await nodes.getByRole("link", { name: "orders", exact: true }).waitFor();
    expect(await nodes.getByRole("listitem").count()).toBe(5);
    await nodes.getByText("feeds").waitFor();
    expect(await overlaps(page)).toEqual([]);
    expect(await looseEnds(page)).toEqual([]);
    await nodes.getByRole("link", { name: "orders", exact: true }).click();
    await page.waitForURL("**/assets/asset?uri=*");
    await page.getByRole("link", { name: "Graph" }).click();
    await page.waitForURL("**/assets/graph?focus=*");
    await page.getByText("around s3://shop/orders").waitFor();
    await page.getByRole("button", { name: "Everything" }).click();
    await page.waitForURL((url) => !url.search.includes("focus"));
    expect(complaints).toEqual([]);
  });
});

describe("the schedule of a DAG that waits for assets", () => {
  test("says of each asset how many events it has of those it takes, and leads there", async () => {
    await using visit = await stage.open("/dags/order_report?tab=schedule");
    const { page, complaints } = visit;
    const waits = page.getByRole("region", { name: "Assets it waits for" });
    await waits.getByText("1 of 2 hold; all are needed").waitFor();
    await waits.getByRole("link", { name: "2 of 3 events of s3://shop/orders" }).click();
    await page.waitForURL("**/assets/asset?uri=*");
    expect(complaints).toEqual([]);
  });
});

test.each(["light", "dark"] as const)(
  "every page about assets passes the accessibility rules in the %s theme, wide and narrow",
  async (colorScheme) => {
    for (const width of [1440, 380]) {
      const viewport = { width, height: 800 };
      await using visit = await stage.open("/assets", { colorScheme, viewport });
      const { page, complaints } = visit;
      const found: string[] = [];
      for (const path of ["/assets", orders, "/assets/graph", "/dags/order_report?tab=schedule"]) {
        await page.goto(stage.base + path);
        await page.waitForLoadState("networkidle");
        found.push(...(await violationsOf(page)).map((text) => `${path} ${text}`));
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      }
      expect(found).toEqual([]);
      expect(complaints).toEqual([]);
    }
  },
);

/** Pairs of boxes of the graph that lie over each other. */
function overlaps(page: Page): Promise<readonly string[]> {
  return page.getByRole("list", { name: "DAGs and assets" }).evaluate((list) => {
    const boxes = [...list.children].map((item) => ({
      name: item.textContent,
      box: item.getBoundingClientRect(),
    }));
    return boxes.flatMap((one, ix) =>
      boxes
        .slice(ix + 1)
        .filter(
          ({ box }) =>
            box.left < one.box.right &&
            one.box.left < box.right &&
            box.top < one.box.bottom &&
            one.box.top < box.bottom,
        )
        .map(({ name }) => `${one.name} over ${name}`),
    );
  });
}

/** Ends of arrows that lie at no border of a box. */
function looseEnds(page: Page): Promise<readonly string[]> {
  return page.getByRole("list", { name: "DAGs and assets" }).evaluate((list) => {
    const slack = 3;
    const boxes = [...list.children].map((item) => item.getBoundingClientRect());
    const ways = [...(list.parentElement?.querySelectorAll<SVGPathElement>("svg > path") ?? [])];
    return ways.flatMap((way) => {
      const ends = [0, way.getTotalLength()].map((length) =>
        way.getPointAtLength(length).matrixTransform(way.getScreenCTM()!),
      );
      return ends
        .filter(
          ({ x, y }) =>
            !boxes.some(
              (box) =>
                x > box.left - slack &&
                x < box.right + slack &&
                y > box.top - slack &&
                y < box.bottom + slack,
            ),
        )
        .map(({ x, y }) => `${Math.round(x)},${Math.round(y)}`);
    });
  });
}
