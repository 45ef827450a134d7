import { stringify } from 'yaml';
import type { RenderedGroup } from '../src/render/objects';
import { toYaml } from '../src/render/yaml';
import { median } from './measure';

export interface YamlTimes {
  readonly objects: number;
  readonly megabytes: number;
  readonly ownSeconds: number;
  readonly librarySeconds: number;
}

/** Stowage's YAML writer against the `yaml` library, on the same objects, in turn. */
export function compareYamlWriting(groups: readonly RenderedGroup[], rounds: number): YamlTimes {
  const objects = groups.flatMap((group) => group.objects);
  const own: number[] = [];
  const library: number[] = [];
  let length = 0;
  for (let round = 0; round < rounds; round++) {
    own.push(seconds(() => (length = toYaml(groups).length)));
    library.push(seconds(() => objects.map((object) => stringify(object)).join('---\n').length));
  }
  return {
    objects: objects.length,
    megabytes: length / 1e6,
    ownSeconds: median(own),
    librarySeconds: median(library),
  };
}

function seconds(action: () => unknown): number {
  const start = performance.now();
  action();
  return (performance.now() - start) / 1000;
}
