import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

export interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** A certificate authority in a folder, for servers on loopback and their clients. */
export class Authority {
  readonly ca: Buffer;

  constructor(readonly folder: string) {
    const ca = [...newKey, '-x509', '-days', '2', '-subj', '/CN=test', '-keyout', 'ca.key', '-out', 'ca.crt'];
    this.openssl(['req', ...ca]);
    this.ca = readFileSync(join(folder, 'ca.crt'));
  }

  issue(name: string, subject: string): Pair {
    this.openssl(['req', ...newKey, '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`]);
    writeFileSync(
      join(this.folder, `${name}.ext`),
      'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n',
    );
    const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
    this.openssl(['x509', '-req', '-in', `${name}.csr`, ...signing, '-extfile', `${name}.ext`, '-out', `${name}.crt`]);
    const read = (ending: string) => readFileSync(join(this.folder, `${name}.${ending}`));
    return { cert: read('crt'), key: read('key') };
  }

  private openssl(args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'ignore' });
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
