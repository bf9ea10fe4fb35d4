/** A real Kafka broker for tests, where there is Java, and Maven to fetch it once. */

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const version = "3.9.1";
const fetchMaxMs = 300_000;
const cache = path.join(homedir(), ".cache", "millrace", "kafka", version);

/** The folder with its libraries, fetched if they are not there; null where there is no Java or no Maven. */
export async function findKafka(): Promise<string | null> {
  try {
    await run("java", ["-version"]);
    if ((await readdir(cache).catch(() => [])).length > 0) return cache;
    const dir = await mkdtemp(path.join(tmpdir(), "millrace-kafka-"));
    const pom = path.join(dir, "pom.xml");
    await writeFile(pom, project);
    const lib = path.join(dir, "lib");
    const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${lib}`];
    await run("mvn", ["-q", "-B", "-f", pom, ...goal], { timeout: fetchMaxMs });
    await mkdir(path.dirname(cache), { recursive: true });
    await rename(lib, cache).catch(() => undefined);
    await rm(dir, { recursive: true, force: true });
    return cache;
  } catch {
    return null;
  }
}

const project = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId><artifactId>test</artifactId><version>1</version>
  <dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
  <version>${version}</version></dependency></dependencies></project>`;

export type KafkaServer = AsyncDisposable & { readonly broker: string };

/** One broker, which is its own controller, on free ports of loopback. */
export async function startKafka(lib: string): Promise<KafkaServer> {
  const dir = await mkdtemp(path.join(tmpdir(), "millrace-kafka-"));
  const [port, controller] = [await freePort(), await freePort()];
  const config = path.join(dir, "server.properties");
  await writeFile(
    config,
    [
      "process.roles=broker,controller",
      "node.id=1",
      `controller.quorum.voters=1@127.0.0.1:${controller}`,
      `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
      `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
      "controller.listener.names=CONTROLLER",
      `log.dirs=${path.join(dir, "logs")}`,
      "offsets.topic.replication.factor=1",
      "transaction.state.log.replication.factor=1",
      "transaction.state.log.min.isr=1",
      "offsets.topic.num.partitions=1",
      "num.partitions=2",
    ].join("\n"),
  );
  const java = (main: string, ...args: string[]): string[] => [
    "-Xmx256m",
    "-cp",
    path.join(lib, "*"),
    main,
    ...args,
  ];
  const id = "MkU3OEVBNTcwNTJENDM2Qk";
  await run("java", java("kafka.tools.StorageTool", "format", "-t", id, "-c", config));
  const broker = spawn("java", java("kafka.Kafka", config), { stdio: "ignore" });
  const kill = (): void => void broker.kill("SIGKILL");
  process.once("exit", kill);
  return {
    broker: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      process.off("exit", kill);
      await end(broker);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function end(broker: ChildProcess): Promise<void> {
  if (broker.exitCode !== null) return;
  const gone = once(broker, "exit");
  broker.kill("SIGKILL");
  await gone;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
