import { existsSync, mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { diagnostic, StowageError } from '../../../errors/stowage-error';
import { fleetIn } from '../../find-fleet';
import { notWritten, writeFile } from '../../output';
import type { Session } from '../../session';
import { sampleFleet, sampleModels } from './sample';

/** @throws StowageError STW5003, STW5004 */
export function init(directory: string, session: Session): void {
  const there = [fleetIn(directory), ...[join(directory, 'models.jsonl')].filter((path) => existsSync(path))].filter(
    (path) => path !== null,
  );
  if (there.length > 0)
    throw new StowageError(
      there.map((file) => diagnostic('STW5004', `${file} is there already`, { location: { file } })),
    );
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw notWritten(directory, error);
  }
  writeFile(join(directory, 'models.jsonl'), sampleModels());
  writeFile(join(directory, 'fleet.yaml'), sampleFleet(labelFrom(basename(resolve(directory)))));
  const inside = directory === '.' ? '' : `cd ${directory} && `;
  session.note(`Wrote fleet.yaml and models.jsonl. Next: ${inside}stowage plan`);
}

/** The directory's name as a DNS label. */
function labelFrom(name: string): string {
  const label = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  return label === '' ? 'fleet' : label;
}
