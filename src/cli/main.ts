#!/usr/bin/env node
import nodeModule from 'node:module';
import { run } from './run';

// Newer Nodes keep compiled code between runs; Node 20 has no such function.
(nodeModule as { enableCompileCache?: () => void }).enableCompileCache?.();

void run(process.argv.slice(2));
