import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { violationsOf } from "./accessibility.ts";
import { startStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

test("DAGs that trigger, wait for and clear each other are drawn, and told in words with the task that says so", async () => {
  await using visit = await stage.open("/dependencies");
  const { page, complaints } = visit;
  await page.getByText("6 DAGs, 6 arrows").waitFor();
  const graph = page.getByTestId("graph");
  await graph.getByRole("button", { name: "production_etl_v2", exact: true }).waitFor();
  await graph.getByText("is waited for").first().waitFor();
  const list = page.getByRole("region", { name: "List of dependencies" });
  const row = list.getByRole("row", { name: /trigger_scores/ });
  expect(await row.innerText()).toMatch(/production_etl_v2\s+triggers\s+score_customers/);
  expect(complaints).toEqual([]);
});

test("a DAG that others count on but nobody registered is marked as such", async () => {
  await using visit = await stage.open("/dependencies");
  const { page } = visit;
  const row = page.getByRole("row", { name: /wait_for_legacy/ });
  await row.getByText("not registered").waitFor();
  expect(await row.getByRole("link", { name: "legacy_import" }).count()).toBe(0);
});

test("around one DAG only what is near is shown, as far as asked, and the address keeps it", async () => {
  await using visit = await stage.open("/dependencies");
  const { page } = visit;
  await page.getByLabel("Around DAG").fill("wide_reindex");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await page.waitForURL(/dag=wide_reindex/);
  await page.getByText("2 DAGs, 1 arrow").waitFor();
  await page.getByLabel("Around DAG").fill("score_customers");
  await page.getByLabel("Levels").selectOption("1");
  await page.waitForURL(/dag=score_customers.*levels=1/);
  await page.getByText("3 DAGs").waitFor();
  await page.reload();
  await page.getByText("3 DAGs").waitFor();
  await page.getByRole("button", { name: "All DAGs" }).click();
  await page.getByText("6 DAGs, 6 arrows").waitFor();
});

test("an unknown DAG is refused with its name, one without others is said to stand alone", async () => {
  await using visit = await stage.open("/dependencies?dag=nothing_here");
  const { page } = visit;
  await page.getByText('No DAG has the id "nothing_here".').waitFor();
  await page.goto(`${stage.base}/dependencies?dag=chatty_crawler`);
  await page.getByText("chatty_crawler stands alone").waitFor();
});

test("a node of the graph opens its DAG, by mouse and by keyboard, and the DAG leads back", async () => {
  await using visit = await stage.open("/dependencies");
  const { page } = visit;
  const node = page.getByTestId("graph").getByRole("button", { name: "etl_pipeline", exact: true });
  await node.focus();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/dags/etl_pipeline");
  await page.getByRole("link", { name: "Other DAGs" }).click();
  await page.waitForURL("**/dependencies?dag=etl_pipeline");
});

test("on a narrow screen the graph goes down, and each arrow ends at the top of a box", async () => {
  await using visit = await stage.open("/dependencies", { viewport: { width: 380, height: 800 } });
  const { page } = visit;
  await page.getByTestId("graph").getByRole("button").first().waitFor();
  await expect.poll(() => looseEnds(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(380);
});

test.each(["light", "dark"] as const)(
  "the graph of DAGs passes the accessibility rules in the %s theme, wide and narrow",
  async (colorScheme) => {
    for (const width of [1440, 380]) {
      await using visit = await stage.open("/dependencies", {
        ...{ colorScheme, viewport: { width, height: 800 } },
      });
      const { page, complaints } = visit;
      await page.getByTestId("graph").getByRole("button").first().waitFor();
      expect(await violationsOf(page)).toEqual([]);
      expect(complaints).toEqual([]);
    }
  },
);

/** Arrows that do not end in the middle of the upper border of a box; "none" where nothing is drawn. */
function looseEnds(page: Page): Promise<readonly string[]> {
  return page.getByTestId("graph").evaluate((graph) => {
    const slack = 6;
    const boxes = [...graph.querySelectorAll("button[data-task]")].map((box) =>
      box.getBoundingClientRect(),
    );
    const ways = [...graph.querySelectorAll<SVGPathElement>("path.react-flow__edge-path")];
    if (ways.length === 0) return ["none"];
    return ways.flatMap((way) => {
      const end = way.getPointAtLength(way.getTotalLength()).matrixTransform(way.getScreenCTM()!);
      const isAtBox = boxes.some(
        ({ left, width, top }) =>
          Math.abs(left + width / 2 - end.x) < slack && Math.abs(top - end.y) < slack,
      );
      return isAtBox ? [] : [`${Math.round(end.x)},${Math.round(end.y)}`];
    });
  });
}
