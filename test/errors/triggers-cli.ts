import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { diagnosticsOf, wrongCommandLine } from '../../src/cli/failure';
import { findFleet } from '../../src/cli/find-fleet';
import { resolveRef } from '../../src/cli/git';
import { writeFile } from '../../src/cli/output';
import { sessionOf } from '../../src/cli/session';
import { printError } from '../../src/cli/verbs/error/error';
import { init } from '../../src/cli/verbs/init/init';
import { readTrace } from '../../src/cli/verbs/simulate/read-trace';
import { defineFleet } from '../../src/declare/define-fleet';
import { fleetInput } from '../declare/support';

const emptyDirectory = () => mkdtempSync(join(tmpdir(), 'stowage-trigger-'));

/** How each code of the command line comes about. */
export const triggers: Record<string, () => unknown> = {
  STW5001: () => findFleet(undefined, emptyDirectory()),
  STW5002: () => wrongCommandLine('an option that does not go with another'),
  STW5003: () => writeFile(join(emptyDirectory(), 'missing', 'plan.json'), ''),
  STW5004: () => {
    const directory = emptyDirectory();
    const session = sessionOf(new Command().option('-q, --quiet').parse(['-q'], { from: 'user' }));
    init(directory, session);
    init(directory, session);
  },
  STW5005: () => resolveRef('no-such-ref', emptyDirectory()),
  STW5006: () => printError('STW0000'),
  STW5007: () => {
    const file = join(emptyDirectory(), 'requests.csv');
    writeFileSync(file, 'time_s,model\n1,gone\n');
    return readTrace(file, defineFleet(fleetInput()));
  },
  STW5999: () => diagnosticsOf(new TypeError('a bug')),
};
