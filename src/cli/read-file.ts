import { Findings } from '../declare/findings';
import { readText } from '../declare/text-file';

/** A whole text file. @throws StowageError STW1001, STW1002 */
export function readTextFile(path: string): string {
  const findings = new Findings();
  const text = readText(path, path, findings);
  findings.throwIfAny();
  return text ?? '';
}
