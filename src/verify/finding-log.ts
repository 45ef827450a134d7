import type { ErrorCode } from '../errors/registry';
import { type Diagnostic, diagnostic } from '../errors/stowage-error';
import { shown } from './reading';

/** Enough to see what is wrong; a plan of another fleet would give one a model. */
const most = 100;

/** Collects what a check finds, up to a limit, then counts. Mutable: lives for one verification. */
export class FindingLog {
  private readonly listed: Diagnostic[] = [];
  private unlisted = 0;
  private firstUnlisted: ErrorCode | null = null;

  /** `path` is like `shards[3].models[2]`. */
  add(code: ErrorCode, path: string, message: string): void {
    if (this.listed.length < most) this.listed.push(diagnostic(code, message, { location: { path } }));
    else {
      this.unlisted++;
      this.firstUnlisted ??= code;
    }
  }

  /** Compares a figure of the plan with the one derived here. */
  figure(path: string, stated: unknown, derived: number | string | boolean | null): void {
    if (stated !== derived) this.add('STW2104', path, `${path} is ${shown(stated)}, not ${shown(derived)}`);
  }

  get count(): number {
    return this.listed.length + this.unlisted;
  }

  findings(): readonly Diagnostic[] {
    if (this.firstUnlisted === null) return this.listed;
    const rest = diagnostic(this.firstUnlisted, `${this.unlisted} more findings are not listed`);
    return [...this.listed, rest];
  }
}
