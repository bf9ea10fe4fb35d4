import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { Dag, Task, group, type Handle, type Run, type Tasks } from "./index.ts";
import { bodyOf, dagsOf } from "./spec.ts";

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
    expect(spec.schedule?.expression).toBe("@daily");
    expect(spec.tasks.map(({ id, retries }) => [id, retries])).toEqual([
      ["extract", 3],
      ["total", 0],
    ]);
    expect(spec.edges).toContainEqual({ from: "extract", to: "total" });
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
