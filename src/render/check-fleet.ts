import type { Fleet, Pool, ServingRuntime, Toleration } from '../declare/fleet';
import { type Diagnostic, diagnostic, StowageError } from '../errors/stowage-error';
import { agentPorts, paths } from './names';

const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const labelName = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const envName = /^[-._A-Za-z][-._A-Za-z0-9]*$/;

/**
 * What declaring takes as text and Kubernetes does not take as it is.
 * @throws StowageError with every finding: STW4002, STW4003
 */
export function checkFleet(fleet: Fleet): void {
  const findings: Diagnostic[] = [
    ...fleet.pools.flatMap((pool) => [...poolFindings(pool)]),
    ...fleet.runtimes.flatMap((runtime) => [...runtimeFindings(runtime)]),
    ...meshFindings(fleet),
  ];
  if (findings.length > 0) throw new StowageError(findings);
}

const refused = (what: string, value: string, expected: string) =>
  diagnostic('STW4002', `${what} is "${shortened(value)}": it must be ${expected}`);
const taken = (message: string) => diagnostic('STW4003', message);

function* poolFindings(pool: Pool): Generator<Diagnostic> {
  const where = `pool "${pool.name}"`;
  for (const [key, value] of Object.entries(pool.nodeSelector)) {
    if (!isLabelKey(key)) yield refused(`a key of nodeSelector of ${where}`, key, 'the key of a label');
    if (!labelValue.test(value)) yield refused(`nodeSelector "${key}" of ${where}`, value, 'the value of a label');
  }
  for (const zone of pool.zones) {
    if (!labelValue.test(zone)) yield refused(`a zone of ${where}`, zone, 'the value of a label');
  }
  for (const toleration of pool.tolerations) yield* tolerationFindings(toleration, where);
}

function* tolerationFindings({ key, operator, value }: Toleration, where: string): Generator<Diagnostic> {
  if (key !== undefined && !isLabelKey(key)) yield refused(`a toleration's key of ${where}`, key, 'the key of a taint');
  if (value !== undefined && !labelValue.test(value))
    yield refused(`a toleration's value of ${where}`, value, 'the value of a taint');
  if (key === undefined && operator !== 'Exists')
    yield diagnostic('STW4002', `a toleration without key of ${where} needs the operator Exists`);
  if (operator === 'Exists' && value !== undefined && value !== '')
    yield diagnostic('STW4002', `a toleration with the operator Exists of ${where} may have no value`);
}

function* runtimeFindings(runtime: ServingRuntime): Generator<Diagnostic> {
  const where = `runtime "${runtime.name}"`;
  yield* imageFindings(`the image of ${where}`, runtime.image);
  for (const text of [...runtime.command, ...runtime.args]) {
    if (!isText(text)) yield refused(`a part of the command of ${where}`, text, 'text without NUL and half characters');
  }
  for (const [name, value] of Object.entries(runtime.env)) {
    if (!envName.test(name)) yield refused(`a variable of ${where}`, name, 'the name of an environment variable');
    if (name.startsWith('STOWAGE_'))
      yield taken(`${where} sets the variable ${name}: names that begin with STOWAGE_ are Stowage's own`);
    if (!isText(value))
      yield refused(`the variable ${name} of ${where}`, value, 'text without NUL and half characters');
  }
  const { http, grpc, metrics } = runtime.ports;
  const ports = [http, grpc, metrics].filter((port) => port !== null);
  for (const port of new Set(ports)) {
    if (port === agentPorts.agent || port === agentPorts.proxy)
      yield taken(`${where} listens on port ${port}, which is the agent's`);
    if (ports.filter((other) => other === port).length > 1) yield taken(`${where} uses port ${port} twice`);
  }
  const path = runtime.repository.path;
  if (!/^(\/[A-Za-z0-9._-]+)+$/.test(path) || path.split('/').some((step) => step === '.' || step === '..')) {
    yield refused(`the repository path of ${where}`, path, 'an absolute path of letters, digits, ".", "_" and "-"');
  } else if (path === paths.temporary || /^\/(dev|proc|sys|run|etc\/stowage|var\/run)(\/|$)/.test(path)) {
    yield taken(`the repository path of ${where} is ${path}, where something else is mounted`);
  }
  if (!isText(runtime.livenessPath) || /[^!-~]/.test(runtime.livenessPath))
    yield refused(`livenessPath of ${where}`, runtime.livenessPath, 'a path of a URL');
}

function* meshFindings({ mesh }: Fleet): Generator<Diagnostic> {
  yield* imageFindings('mesh.router.image', mesh.routerImage);
  yield* imageFindings('mesh.agent.image', mesh.agentImage);
  const secret = mesh.storageSecretName;
  if (secret !== null && !isDnsSubdomain(secret))
    yield refused('mesh.storageSecretName', secret, 'the name of a Secret: lower-case letters, digits, "-" and "."');
  for (const hostname of mesh.gateway?.hostnames ?? []) {
    if (!isDnsSubdomain(hostname.replace(/^\*\./, '')) || /^[0-9.]+$/.test(hostname))
      yield refused('a hostname of mesh.gateway', hostname, 'a DNS name, or one after "*."');
  }
}

function* imageFindings(what: string, image: string): Generator<Diagnostic> {
  if (!/^[A-Za-z0-9][!-~]*$/.test(image)) yield refused(what, image, 'the name of an image');
}

function isLabelKey(key: string): boolean {
  const slash = key.lastIndexOf('/');
  return labelName.test(key.slice(slash + 1)) && (slash === -1 || isDnsSubdomain(key.slice(0, slash)));
}

function isDnsSubdomain(name: string): boolean {
  return name.length <= 253 && dnsSubdomain.test(name);
}

/** No NUL, which no process takes, and no half of a surrogate pair, which no UTF-8 has. */
function isText(value: string): boolean {
  return !value.includes('\0') && !/\p{Surrogate}/u.test(value);
}

function shortened(value: string): string {
  const shown = value.replace(/[^ -~]/g, '?');
  return shown.length > 60 ? `${shown.slice(0, 60)}...` : shown;
}
