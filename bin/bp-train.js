#!/usr/bin/env node
// Starts the program.
import { main } from "../dist/cli/main.js";

await main(process.argv);
