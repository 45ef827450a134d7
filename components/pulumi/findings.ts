import * as pulumi from '@pulumi/pulumi';
import { type Diagnostic, StowageError } from '../../src/errors/stowage-error';

const shownAtMost = 50;

/**
 * Runs `work`; what a StowageError finds is logged on the resource, one entry each, and ends the program without a
 * stack trace.
 * @throws pulumi.ResourceError
 */
export function reporting<T>(resource: pulumi.Resource, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!StowageError.is(error)) throw error;
    for (const finding of error.diagnostics.slice(0, shownAtMost))
      void pulumi.log.error(findingText(finding), resource);
    const count = error.diagnostics.length;
    const more = count > shownAtMost ? `, of which ${shownAtMost} are shown` : '';
    throw new pulumi.ResourceError(
      `the fleet has ${count} error${count === 1 ? '' : 's'}${more}: ${error.message}`,
      resource,
      true,
    );
  }
}

export function warn(resource: pulumi.Resource, findings: readonly Diagnostic[]): void {
  for (const finding of findings.slice(0, shownAtMost)) void pulumi.log.warn(findingText(finding), resource);
  if (findings.length > shownAtMost)
    void pulumi.log.warn(`and ${findings.length - shownAtMost} more warnings: see \`stowage plan\``, resource);
}

function findingText({ code, message, hint, location }: Diagnostic): string {
  const line = location?.line === undefined ? '' : `:${location.line}`;
  const where = [location?.file === undefined ? undefined : `${location.file}${line}`, location?.path]
    .filter((part) => part !== undefined)
    .join(' ');
  return `${code}: ${message}${where === '' ? '' : ` (${where})`}. ${hint}`;
}
