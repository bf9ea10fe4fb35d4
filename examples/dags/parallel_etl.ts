/** Three tables, each extracted and then loaded, all at once. */
import { context, dag, task } from "@millrace/sdk";

type Extract = { table: string; rows: { id: number }[] };

const sizes: Record<string, number> = { customers: 120, orders: 540, products: 35 };

const extract = task(function extract(table: string): Extract {
  const rows = Array.from({ length: sizes[table] ?? 0 }, (_, id) => ({ id }));
  context().log.info("extracted", { table, rows: rows.length });
  return { table, rows };
});

const load = task(function load({ table, rows }: Extract) {
  console.log(`Loaded ${rows.length} rows into ${table}.`);
  return rows.length;
});

export default dag("parallel_etl", { schedule: "@hourly", tags: ["example"] }, () => {
  for (const table of Object.keys(sizes)) {
    const extracted = extract.with({ id: `extract_${table}` })(table);
    load.with({ id: `load_${table}` })(extracted);
  }
});
