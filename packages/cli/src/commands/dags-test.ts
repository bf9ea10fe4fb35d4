/** `millrace dags test`: a DAG in one process on the engine, without server or database. */
import { loadDags } from "@millrace/sdk/bundle";
import { runDag } from "@millrace/testing";
import type { Command } from "commander";
import { resolve } from "node:path";
import pc from "picocolors";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { showState } from "../format.ts";
import { printJson, printTable, say } from "../output.ts";
import { globalOptions } from "../program-options.ts";
import { checkedJson, parseInstant } from "./dags.ts";

type TestOptions = { params?: string; logicalDate?: string; dags?: string };
