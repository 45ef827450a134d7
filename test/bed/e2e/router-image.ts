import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvoyBootstrapOptions } from '../../../src/mesh/xds/bootstrap';
import { root } from '../bed';

/** What an image of the router holds beside Envoy and meshd. */
export interface RouterImage {
  /** `/etc/stowage/envoy.yaml` */
  readonly envoyYaml: string;
  /** Environment that the image sets for meshd. */
  readonly env: Readonly<Record<string, string>>;
}

/** As `images/build.sh` makes it. */
export function builtRouterImage(): RouterImage {
  return { envoyYaml: envoyYaml(), env: {} };
}

/** One that an operator builds upon it, to tell callers apart. */
export function authenticatingRouterImage(
  folder: string,
  authentication: NonNullable<EnvoyBootstrapOptions['authentication']>,
): RouterImage {
  const file = join(folder, `authentication-${authentication.type}.json`);
  writeFileSync(file, JSON.stringify(authentication));
  return { envoyYaml: envoyYaml(file), env: { STOWAGE_AUTHENTICATION: 'tenants' } };
}

function envoyYaml(...authentication: readonly string[]): string {
  const args = [join(root, 'images/envoy-config.cjs'), join(root, 'dist'), ...authentication];
  return execFileSync(process.execPath, args, { encoding: 'utf8' });
}
