#!/usr/bin/env node
/** The command `entente`, whatever Node.js >= 20 starts it. */
import process from "node:process";
import { command, run } from "./bootstrap.js";

command(() => run("src/cli/main.ts", process.argv.slice(2)));
