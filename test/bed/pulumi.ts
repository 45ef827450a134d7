import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Bed, bin } from './bed';
import { must } from './commands';

/** What one step of a preview does to which resource. */
export interface Step {
  readonly op: string;
  readonly type: string;
  readonly name: string;
}

/**
 * The real engine on a file backend. State, home and stack settings stand in a temporary folder, so that a run at the
 * repository's root leaves nothing behind there. The provider is the stand-in beside this file, unless
 * `pulumi-resource-kubernetes` is on PATH already.
 */
export class PulumiStack {
  private constructor(
    private readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** A new stack of the project whose folder is `project`. */
  static async create(bed: Bed, project: string): Promise<PulumiStack> {
    const folder = mkdtempSync(join(tmpdir(), 'stowage-pulumi-'));
    for (const name of ['home', 'pulumi', 'state', 'project']) mkdirSync(join(folder, name));
    const { CI: _, ...environment } = process.env;
    const stack = new PulumiStack(folder, {
      ...environment,
      HOME: join(folder, 'home'),
      PATH: [bin, process.env.PATH, join(__dirname, 'provider')].join(delimiter),
      KUBECONFIG: bed.kubeconfig,
      PULUMI_HOME: join(folder, 'pulumi'),
      PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
      PULUMI_CONFIG_PASSPHRASE: '',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    });
    // The stack's settings go where the project file is: beside a copy, not into the checkout.
    copyFileSync(join(project, 'Pulumi.yaml'), join(folder, 'project', 'Pulumi.yaml'));
    await stack.pulumi(['stack', 'init', 'bed'], join(folder, 'project'));
    return stack;
  }

  async preview(cwd: string, env: NodeJS.ProcessEnv = {}): Promise<readonly Step[]> {
    const text = await this.pulumi(['preview', '--json', ...this.settings()], cwd, env);
    const { steps } = JSON.parse(text) as { steps: readonly { op: string; urn: string }[] };
    return steps.map(({ op, urn }) => {
      const [, , types = '', name = ''] = urn.split('::');
      return { op, type: types.split('$').at(-1) ?? '', name };
    });
  }

  async up(cwd: string, options: { readonly env?: NodeJS.ProcessEnv; readonly expectNoChanges?: boolean } = {}) {
    const expectation = options.expectNoChanges === true ? ['--expect-no-changes'] : [];
    await this.pulumi(['up', '--yes', '--skip-preview', ...expectation, ...this.settings()], cwd, options.env);
    return this.lastChanges();
  }

  async refresh(cwd: string, env: NodeJS.ProcessEnv = {}) {
    await this.pulumi(['refresh', '--yes', '--skip-preview', ...this.settings()], cwd, env);
    return this.lastChanges();
  }

  async destroy(cwd: string): Promise<void> {
    await this.pulumi(['destroy', '--yes', '--skip-preview', ...this.settings()], cwd);
  }

  async outputs(): Promise<Readonly<Record<string, unknown>>> {
    const text = await this.pulumi(['stack', 'output', '--json', '--stack', 'bed'], join(this.folder, 'project'));
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** How many resources the latest update created, updated, kept. */
  private async lastChanges(): Promise<Readonly<Record<string, number>>> {
    const text = await this.pulumi(['stack', 'history', '--json', '--stack', 'bed'], join(this.folder, 'project'));
    const [latest] = JSON.parse(text) as readonly { resourceChanges?: Readonly<Record<string, number>> }[];
    return latest?.resourceChanges ?? {};
  }

  private settings(): readonly string[] {
    return ['--stack', 'bed', '--config-file', join(this.folder, 'project', 'Pulumi.bed.yaml')];
  }

  private pulumi(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
    const options = { cwd, env: { ...this.env, ...env } };
    return must(join(bin, 'pulumi'), [...args, '--non-interactive', '--color', 'never'], options);
  }
}
