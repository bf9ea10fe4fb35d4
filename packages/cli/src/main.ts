#!/usr/bin/env node
/** The command `millrace`. */
import { enableCompileCache } from "node:module";

// Before anything else is loaded: the second start compiles nothing.
enableCompileCache();
await import("./command-line.ts");
