import type { Diagnostic } from '../errors/stowage-error';
import { plain, styleOf, type TextOptions, wrap } from './style';
import { plural } from './units';

/** Findings shown before the rest is only counted. */
const shownFirst = 20;

/** `error STW1008 models.jsonl:17 models[3]: message` and the hint below; the first 20 unless verbose. */
export function diagnosticsText(diagnostics: readonly Diagnostic[], options: TextOptions): string {
  const style = styleOf(options);
  const shown = options.verbose === true ? diagnostics : diagnostics.slice(0, shownFirst);
  const lines: string[] = [];
  shown.forEach((finding, i) => {
    const label = finding.severity === 'error' ? style.bold(style.red('error')) : style.bold(style.yellow('warning'));
    const where = placeText(finding);
    const message = plain(finding.message);
    const place = where === '' ? ': ' : ` ${style.cyan(plain(where))}: `;
    lines.push(...wrap(`${label} ${style.bold(finding.code)}${place}${message}`, options.width, '    '));
    // The same advice for a run of findings stands once, below the last.
    const next = shown[i + 1];
    if (next === undefined || next.code !== finding.code || next.hint !== finding.hint)
      lines.push(...hintLines(finding.hint, options.width).map((line) => style.dim(line)));
  });
  const rest = diagnostics.length - shown.length;
  if (rest > 0) lines.push(restLine(diagnostics, rest));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function hintLines(hint: string, width: number): string[] {
  return wrap(`hint: ${plain(hint)}`, width - 2, '      ').map((line) => `  ${line}`);
}

function restLine(diagnostics: readonly Diagnostic[], rest: number): string {
  const byCode = new Map<string, number>();
  for (const { code } of diagnostics) byCode.set(code, (byCode.get(code) ?? 0) + 1);
  const counts = [...byCode].map(([code, number]) => `${code} x ${number}`).join(', ');
  return `and ${rest} more (--all-errors shows them): ${plural(diagnostics.length, 'finding')} in all, ${counts}`;
}

/** `models.jsonl:17 models[3].replicas`; empty where the place is not known. */
export function placeText({ location }: Pick<Diagnostic, 'location'>): string {
  if (location === null) return '';
  const file =
    location.file === undefined
      ? ''
      : location.line === undefined
        ? location.file
        : `${location.file}:${location.line}`;
  return [file, location.path ?? ''].filter((part) => part !== '').join(' ');
}
