import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  Branch,
  Dag,
  Sensor,
  ShortCircuit,
  Task,
  choice,
  done,
  each,
  gate,
  group,
} from "../index.ts";
import type { Handle, MappedHandle, Run, Tasks } from "../index.ts";
import { bodyOf, dagsOf } from "../spec.ts";

type Row = { day: string };

@Dag({ schedule: "@daily", description: "rows of a day" })
class Etl {
  readonly rowsADay = 2;

  @Task({ retries: 3 })
  async extract(day: string): Promise<Row[]> {
    return Array.from({ length: this.rowsADay }, () => ({ day }));
  }

  @Task()
  async total(rows: Row[]) {
    return rows.length;
  }

  helper(): number {
    return 1;
  }

  wire(t: Tasks<Etl>, run: Run) {
    const rows = t.extract(run.ds);
    expectTypeOf(rows).toEqualTypeOf<Handle<Row[]>>();
    expectTypeOf(t.total(rows)).toEqualTypeOf<Handle<number>>();
  }
}

function onlyDag(exported: unknown) {
  const [found, ...more] = dagsOf({ exported });
  expect(more).toEqual([]);
  if (found === undefined) throw new Error("the module exports no DAG");
  return found;
}

describe("a decorated class", () => {
  test("is a DAG under its own name, with a task for each method that was wired", () => {
    const spec = onlyDag(Etl).spec();
    expect(spec).toMatchObject({ dagId: "Etl", description: "rows of a day" });
    expect(spec.schedule).toMatchObject({ kind: "cron", expressions: ["@daily"] });
    expect(spec.tasks.map(({ id, retries }) => [id, retries])).toEqual([
      ["extract", 3],
      ["total", 0],
    ]);
    expect(spec.edges).toContainEqual({ from: "extract", to: "total", label: "" });
  });

  test("runs its bodies on an instance", async () => {
    const body = bodyOf(onlyDag(Etl), "extract");
    await expect(body("2026-01-01")).resolves.toEqual([
      { day: "2026-01-01" },
      { day: "2026-01-01" },
    ]);
  });

  test("takes ids from options, params from a schema, and tasks from the classes it extends", () => {
    class Base {
      @Task({ id: "say" })
      hello(name: string) {
        return name;
      }
    }

    @Dag({ id: "greetings", params: z.object({ name: z.string().default("ada") }) })
    class Greetings extends Base {
      wire(t: Tasks<Greetings>, run: Run<{ name: string }>) {
        group("all", () => t.hello.with({ retries: 1 })(run.params.name));
      }
    }

    const spec = onlyDag(Greetings).spec();
    expect(spec.dagId).toBe("greetings");
    expect(spec.tasks.map(({ id, retries }) => [id, retries])).toEqual([["all.say", 1]]);
  });

  test("refuses to wire a method without @Task", () => {
    @Dag({})
    class Forgetful {
      helper() {
        return 1;
      }
      wire(t: Tasks<Forgetful>) {
        t.helper();
      }
    }
    expect(() => onlyDag(Forgetful).spec()).toThrow(
      "Forgetful.helper was wired but is no task; put @Task() before it",
    );
  });
});

test("wrong classes do not compile", () => {
  const wrong = () => {
    class Wrong {
      // @ts-expect-error an unknown option
      @Task({ retry: 1 })
      async a() {}

      // @ts-expect-error a result that cannot be carried
      @Task()
      b() {
        return () => 1;
      }

      wire(t: Tasks<Wrong>, run: Run) {
        // @ts-expect-error a method that does not exist
        void t.c;
        // @ts-expect-error an argument that the method does not take
        t.a(run.ds);
        // @ts-expect-error wire is no task
        void t.wire;
      }
    }

    // @ts-expect-error a class without wire
    @Dag({})
    class NoWire {
      @Task()
      a() {}
    }

    // @ts-expect-error params that the schema does not have
    @Dag({ params: z.object({ n: z.number() }) })
    class WrongParams {
      wire(_t: object, run: Run<{ n: string }>) {
        void run;
      }
    }
    return [Wrong, NoWire, WrongParams];
  };
  expectTypeOf(wrong).toBeFunction();
});

@Dag()
class Words {
  @Sensor({ mode: "reschedule", interval: "5m" })
  async wait(path: string) {
    return path === "" ? false : done({ path });
  }

  @ShortCircuit({ skipsDirectOnly: true })
  isReady(file: { path: string }) {
    return file.path !== "";
  }

  @Branch({ retries: 2 })
  pick(size: number) {
    return size > 1 ? "big" : "small";
  }

  @Task()
  work(size: number): string {
    return `${size}`;
  }

  wire(t: Tasks<Words>) {
    const file = t.wait("a");
    expectTypeOf(file).toEqualTypeOf<Handle<{ path: string }>>();
    const text = gate(t.isReady(file)).then(() =>
      choice(t.pick(1)).cases({ big: () => t.work(1), small: () => {} }),
    );
    expectTypeOf(text).toEqualTypeOf<Handle<string | undefined>>();
    expectTypeOf(t.work(each([1, 2]))).toEqualTypeOf<MappedHandle<string>>();
  }
}

test("methods are branches, short circuits and sensors, as functions are", () => {
  const { tasks } = onlyDag(Words).spec();
  expect(tasks.map(({ id, control, sensor }) => [id, control, sensor?.intervalMs])).toEqual([
    ["wait", "none", 300_000],
    ["isReady", "short_circuit", undefined],
    ["pick", "branch", undefined],
    ["work", "none", undefined],
    ["work__1", "none", undefined],
  ]);
  expect(tasks[1]?.skipsDirectOnly).toBe(true);
  expect(tasks[2]).toMatchObject({ retries: 2, cases: [{ name: "big" }, { name: "small" }] });
});

test("methods with the wrong answers do not compile", () => {
  class Wrong {
    // @ts-expect-error a branch that may answer any text
    @Branch()
    any(text: string) {
      return text;
    }

    // @ts-expect-error a short circuit that answers a number
    @ShortCircuit()
    count() {
      return 1;
    }

    // @ts-expect-error a sensor that says true instead of done()
    @Sensor()
    there(path: string): boolean {
      return path !== "";
    }

    wire(t: Tasks<Wrong>) {
      // @ts-expect-error a missing case
      choice(t.pick(1)).cases({ big: () => {} });
    }

    @Branch()
    pick(size: number) {
      return size > 1 ? "big" : "small";
    }
  }
  expectTypeOf<Wrong>().toBeObject();
});
