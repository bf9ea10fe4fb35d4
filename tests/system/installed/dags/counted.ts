import { Dag, Task, type Run, type Tasks } from "@millrace/sdk";

@Dag({ schedule: "@daily" })
export class Counted {
  @Task({ retries: 3 })
  async extract(day: string): Promise<string[]> {
    return [day, day];
  }

  @Task()
  async total(rows: string[]) {
    return rows.length;
  }

  wire(t: Tasks<Counted>, run: Run) {
    t.total(t.extract(run.ds));
  }
}
